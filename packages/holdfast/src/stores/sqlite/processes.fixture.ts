/** Stores in other processes, which can be killed; and what the tests of this folder have in common. */
import { type ChildProcess, fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished } from 'vitest'
import { type Claim, newClaimId, type Ref } from '../../store/claim.ts'
import { type Clock, sleep, systemClock } from '../../time/clock.ts'
import { NotApplied } from '../../store/errors.ts'
import type { LineView } from '../../store/line-view.ts'
import type { OpenStore, Renewal, Store } from '../../store/store.ts'
import { environment } from '../opened.fixture.ts'
import type { Hint, RenewAnswer, Standing } from '../../store/standing.ts'
import type { Answer, Order } from './child.fixture.ts'
import { sqlite } from './index.ts'
import { type ProcessIdentity, thisMachine } from './process-identity.ts'
import { sqliteStore } from './store.ts'

/** A folder that is gone after the test. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'holdfast-sqlite-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

export function lockFile(): string {
  return join(folder(), 'locks.db')
}

/** Opened, and closed after the test. */
export async function opened(store: Store, clock: Clock = systemClock): Promise<OpenStore> {
  const open = await openedOnce(store, clock)
  onTestFinished(() => open.close())
  return open
}

/** As the client does: a file that is busy with other openings is asked again. */
export async function openedOnce(store: Store, clock: Clock = systemClock): Promise<OpenStore> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await store.open(environment(clock))
    } catch (error) {
      if (!(error instanceof NotApplied) || attempt >= 200) throw error
      await sleep(systemClock, 10)
    }
  }
}

/** A mutex claim of a minute that waits, unless said otherwise. */
export function claimOf(changes: Partial<Claim> = {}): Claim {
  return {
    resource: 'test!lock',
    id: newClaimId(),
    weight: 1,
    capacity: 1,
    ttlMs: 60_000,
    queue: true,
    lockDelayMs: 0,
    note: '',
    owner: 'a test',
    ...changes,
  }
}

export function refOf({ resource, id }: Claim): Ref {
  return { resource, id }
}

/** The token of a claim that must hold. */
export function tokenOf(standing: Standing | Hint): bigint {
  if (standing.kind !== 'held') throw new Error(`the claim is ${standing.kind}, expected it to hold`)
  return standing.token
}

export async function tokenFrom(store: Pick<OpenStore, 'enter' | 'leave'>, resource = 'test!lock'): Promise<bigint> {
  const claim = claimOf({ resource })
  const token = tokenOf(await store.enter(claim))
  await store.leave({ ...refOf(claim), token })
  return token
}

/** A clock that is set back or forward. */
export function clockOff(byMs: number): Clock {
  return { ...systemClock, wallMs: () => systemClock.wallMs() + byMs }
}

/** The clocks of a machine that was started so long ago, by default a minute, and whose wall clock is off by so much. */
export function clockAfterBoot(wallOffMs = 0, upForMs = 60_000): Clock {
  const beforeMs = systemClock.monotonicMs() - upForMs
  return { ...clockOff(wallOffMs), monotonicMs: () => systemClock.monotonicMs() - beforeMs }
}

/** A store on a machine, or in a container, that has this boot id. */
export function storeUnder(path: string, epoch: string): Store {
  const machine = (): ProcessIdentity => {
    const { process, ...rest } = thisMachine()
    return {
      ...rest,
      epoch,
      process: process.replace(/[0-9a-f]+$/, () => createHash('md5').update(epoch).digest('hex').slice(0, 16)),
    }
  }
  return sqliteStore({ path, makeFolder: false, durability: 'normal', trustedUsers: [], machine })
}

export class OtherProcess {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, (answer: Answer) => void>()
  #orders = 0

  private constructor(child: ChildProcess) {
    this.#child = child
    child.on('message', (answer: Answer) => this.#waiting.get(answer.id)?.(answer))
  }

  /** Rejects with the error of `open`. */
  static async start(path: string, user?: { readonly uid: number; readonly gid?: number }): Promise<OtherProcess> {
    const script = fileURLToPath(new URL('child.fixture.ts', import.meta.url))
    const ids = user === undefined ? [] : [user.uid, user.gid ?? user.uid].map(String)
    const child = fork(script, [path, ...ids], { serialization: 'advanced', execArgv: [] })
    const other = new OtherProcess(child)
    onTestFinished(() => other.kill())
    await other.#order('open')
    return other
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  async enter(claim: Claim): Promise<Standing> {
    return (await this.#order('enter', claim)).value as Standing
  }

  async leave(ref: Ref): Promise<'left' | 'gone'> {
    return (await this.#order('leave', ref)).value as 'left' | 'gone'
  }

  async look(resource: string): Promise<LineView> {
    return (await this.#order('look', resource)).value as LineView
  }

  async renew(renewals: readonly Renewal[]): Promise<readonly RenewAnswer[]> {
    return (await this.#order('renew', renewals)).value as readonly RenewAnswer[]
  }

  /** Answers when it was told as well, on the clock that all processes share. */
  async watch(ref: Ref): Promise<{ readonly seen: Standing | Hint; readonly atMs: number }> {
    const { value, atMs } = await this.#order('watch', ref)
    return { seen: value as Standing | Hint, atMs }
  }

  /** Copies the folder of its lock file, as a backup does. */
  async copy(to: string): Promise<void> {
    await this.#order('copy', to)
  }

  async close(): Promise<void> {
    await this.#order('close')
  }

  /** Lets it end by itself, without closing the store. */
  async end(): Promise<void> {
    const exit = once(this.#child, 'exit')
    await this.#order('end')
    await exit
  }

  /** SIGKILL: it cannot clean up. Resolves when it is gone. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exit = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exit
  }

  async #order(method: Order['method'], ...given: readonly unknown[]): Promise<Extract<Answer, { value: unknown }>> {
    const id = (this.#orders += 1)
    const answered = new Promise<Answer>((resolve) => this.#waiting.set(id, resolve))
    const order: Order = { id, method, arguments: given }
    this.#child.send(order)
    const answer = await answered
    if ('code' in answer) throw Object.assign(new Error(answer.message), { code: answer.code })
    return answer
  }
}

/** Opening the path must fail with these words, and name the path. */
export async function expectRefused(path: string, words: RegExp): Promise<void> {
  const error = await openedOnce(sqlite({ path })).then(
    (store) => store.close().then(() => 'it was opened'),
    (reason: unknown) => reason,
  )
  expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', message: expect.stringMatching(words) })
  expect(error).toMatchObject({ message: expect.stringContaining(path) })
}
