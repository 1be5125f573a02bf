/** @module-tag real-time */
import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import type { ChildProcess } from '@holdfast/testbed/child-processes'
import { stateOf } from '@holdfast/testbed/engines/guard'
import type { HistoryEvent } from '@holdfast/testbed/history'
import { type SlotHost, WorkerSlot } from './worker-slot.ts'

const event = (f: string): HistoryEvent => ({ i: 0, t: '0', p: 'w1', e: 'sig', op: 0, f, k: '' })

/** A team of one, whose worker says what the test lets it say. */
class Office implements SlotHost {
  readonly ttlMs = 10
  readonly failpointMs = 20
  readonly #failure = new AbortController()
  readonly done: string[] = []
  readonly pid: number | undefined
  say: (f: string) => void = () => undefined

  constructor(pid?: number) {
    this.pid = pid
  }

  get failed(): AbortSignal {
    return this.#failure.signal
  }

  fail(error: Error): void {
    this.#failure.abort(error)
  }

  hire(
    _: string,
    generation: number,
    onEvent: (event: HistoryEvent) => void,
  ): { process: string; member: ChildProcess } {
    this.say = (f) => onEvent(event(f))
    const done = (what: string) => (): void => void this.done.push(what)
    const member: ChildProcess = {
      name: 'w1',
      pid: this.pid,
      ended: Promise.resolve({ code: 0, lastWords: '' }),
      goOn: done('go on'),
      tell: (word) => void this.done.push(word),
      stop: done('stop'),
      resume: done('resume'),
      kill: done('kill'),
    }
    return { process: `w1.${generation}`, member }
  }

  kill(member: ChildProcess): void {
    member.kill()
  }

  dismiss(member: ChildProcess, word: string): void {
    member.tell(word)
  }

  note(kind: string): void {
    this.done.push(`note ${kind}`)
  }
}

async function atWork(host: Office): Promise<WorkerSlot> {
  const slot = new WorkerSlot('w1', host)
  const started = slot.restart()
  host.say('ready')
  await started
  return slot
}

test('whoever was told to stop himself is armed until he has done so', async () => {
  const host = new Office()
  const slot = await atWork(host)
  slot.arm('after-grant')
  expect(slot.isArmed).toBe(true)
  host.say('nemesis')
  expect([slot.isArmed, slot.state]).toEqual([false, 'stopped'])
  await vi.waitFor(() => expect(host.done).toEqual(['after-grant', 'note resume', 'resume']))
  expect(slot.state).toBe('running')
})

test.runIf(process.platform === 'linux')(
  'whoever said that he stops himself goes on only when he has stopped: before, it would be for nothing',
  async () => {
    await using child = sleeper()
    const host = new Office(child.pid)
    await atWork(host)
    host.say('nemesis')
    await sleep(5 * host.failpointMs)
    expect(host.done).toEqual([])
    child.kill('SIGSTOP')
    await vi.waitFor(() => expect(host.done).toEqual(['note resume', 'resume']), { timeout: 20_000 })
    expect(stateOf(child.pid ?? 0)).toBe('T')
  },
)

test('nobody is waited for when a worker has died', async () => {
  const host = new Office()
  const slot = await atWork(host)
  const calm = slot.calm()
  host.fail(new Error('w2 ended by itself with 1. a bug'))
  await expect(calm).rejects.toThrow('a bug')
  await expect(slot.sendHome()).rejects.toThrow('a bug')
})

test('whoever does not end is killed, which the history tells, and the answer says who it was', async () => {
  vi.useFakeTimers()
  try {
    const host = new Office()
    const slot = await atWork(host)
    const home = slot.sendHome()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(await home).toBe('w1 did not say "done" within 30 s')
    expect(host.done).toEqual(['stop', 'note abandon', 'kill'])
  } finally {
    vi.useRealTimers()
  }
})

function sleeper(): { readonly pid: number | undefined; kill(signal: NodeJS.Signals): void } & AsyncDisposable {
  const child = spawn('sleep', ['600'], { stdio: 'ignore' })
  const kill = (signal: NodeJS.Signals): void => void child.kill(signal)
  return { pid: child.pid, kill, [Symbol.asyncDispose]: async () => kill('SIGKILL') }
}
