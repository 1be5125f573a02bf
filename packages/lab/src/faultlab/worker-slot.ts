/** One slot of the worker pool and the process in it: stopped, killed, replaced, and finished at the end. */
import { stateOf } from '@holdfast/testbed/engines/guard'
import type { ChildProcess } from '@holdfast/testbed/child-processes'
import type { HistoryEvent } from '@holdfast/testbed/history'
import type { WorkerPost } from './faults/fault-target.ts'
import { DISARM_WORD, STOP_WORD } from './traffic/order.ts'
import { WAIT_TTLS } from './traffic/work.ts'

/** What a slot needs of the pool. */
export interface SlotHost {
  readonly ttlMs: number
  /** A worker that stopped itself goes on after this long. */
  readonly failpointMs: number
  readonly failed: AbortSignal
  hire(
    place: string,
    generation: number,
    onEvent: (event: HistoryEvent) => void,
  ): { process: string; member: ChildProcess }
  kill(member: ChildProcess): void
  dismiss(member: ChildProcess, word: string): void
  note(kind: string, process: string): void
}

/** Starting a process and opening the store take some hundred milliseconds; on a busy machine, more. */
const START_MS_MAX = 20_000
/** To finish what is under way: a wait, work under the lock that may be longer than the lease, a release; on a busy machine. */
const END_MS_MIN = 30_000
const END_TTLS = WAIT_TTLS + 4
/** How often it is looked whether a worker that said that it stops has stopped. */
const LOOK_MS = 10

export class WorkerSlot implements WorkerPost {
  state: 'running' | 'stopped' | 'down' = 'down'
  readonly place: string
  readonly #pool: SlotHost
  #generation = 0
  #process = ''
  #member: ChildProcess | undefined
  #expected = new Map<string, () => void>()
  #tells = true
  #armed = false

  constructor(place: string, pool: SlotHost) {
    this.place = place
    this.#pool = pool
  }

  /** Whether the lock under test tells its holders of a loss. */
  get tells(): boolean {
    return this.#tells
  }

  process(): string {
    return this.#process
  }

  arm(point: string): void {
    this.#armed = true
    this.#member?.tell(point)
  }

  /** It may stop itself at any moment. */
  get isArmed(): boolean {
    return this.#armed
  }

  stop(): void {
    this.state = 'stopped'
    this.#member?.stop()
  }

  resume(): void {
    this.state = 'running'
    this.#member?.resume()
  }

  kill(): void {
    this.state = 'down'
    if (this.#member !== undefined) this.#pool.kill(this.#member)
  }

  async restart(): Promise<void> {
    const ready = this.#heard('ready', START_MS_MAX)
    const generation = (this.#generation += 1)
    const { process, member } = this.#pool.hire(this.place, generation, (event) => {
      // What a killed process said last may be read when another one is in its place.
      if (generation === this.#generation) this.#onEvent(event)
    })
    this.#process = process
    this.#member = member
    this.#armed = false
    await this.#orFailed(ready)
    this.state = 'running'
    if (this.#generation > 1) this.#pool.note('restart', process)
  }

  async calm(): Promise<void> {
    if (this.state === 'down') await this.restart()
    // It may have stopped itself a moment ago.
    const disarmed = this.#heard('disarmed', START_MS_MAX + this.#pool.failpointMs)
    this.#member?.tell(DISARM_WORD)
    await this.#orFailed(disarmed)
    this.#armed = false
  }

  /** Returns which process did not finish in time. It is killed, and the history shows what it waited for. */
  async sendHome(): Promise<string | undefined> {
    const member = this.#member
    if (member === undefined) return undefined
    const done = this.#heard('done', Math.max(END_MS_MIN, this.#pool.ttlMs * END_TTLS))
    this.#pool.dismiss(member, STOP_WORD)
    try {
      await this.#orFailed(done)
    } catch (error) {
      if (!(error instanceof NotHeard)) throw error
      // No crash, which would excuse that it waits forever; from here on it holds nothing.
      this.#pool.note('abandon', this.#process)
      this.kill()
      await member.ended
      return error.message
    }
    await member.ended
    return undefined
  }

  #onEvent(event: HistoryEvent): void {
    if (event.f === 'ready') this.#tells = event.in?.['tells'] === true
    if (event.f === 'nemesis' && this.state !== 'down') this.#resumeLater()
    this.#expected.get(event.f)?.()
    this.#expected.delete(event.f)
  }

  #resumeLater(): void {
    const member = this.#member
    this.state = 'stopped'
    this.#armed = false
    const resume = (): void => {
      if (this.#member !== member || this.state !== 'stopped') return
      // On a busy machine it may not have come to it yet, and would stop after what was to let it go on.
      if (member?.pid !== undefined && stateOf(member.pid) !== undefined && !isStopped(member.pid)) {
        setTimeout(resume, LOOK_MS).unref()
        return
      }
      this.#pool.note('resume', this.#process)
      this.resume()
    }
    setTimeout(resume, this.#pool.failpointMs).unref()
  }

  #heard(f: string, limitMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new NotHeard(`${this.place} did not say "${f}" within ${limitMs / 1000} s`)),
        limitMs,
      ).unref()
      this.#expected.set(f, () => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  /** After a death no answer comes any more: the last words of the process become the message. */
  async #orFailed(heard: Promise<void>): Promise<void> {
    const { failed } = this.#pool
    failed.throwIfAborted()
    const failure = Promise.withResolvers<never>()
    const fail = (): void => failure.reject(failed.reason)
    failed.addEventListener('abort', fail, { once: true })
    try {
      await Promise.race([heard, failure.promise])
    } finally {
      failed.removeEventListener('abort', fail)
    }
  }
}

class NotHeard extends Error {}

function isStopped(pid: number): boolean {
  return stateOf(pid) === 'T'
}
