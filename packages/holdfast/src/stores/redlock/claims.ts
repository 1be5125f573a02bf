/**
 * What this process knows of its own claims: the attempt that is under way, the grant, and what the nodes told. A claim
 * is kept here from its first question until it was refused, left, or is gone.
 */
import type { Clock, Stamp, Timer } from '../../time/clock.ts'
import type { Hint, Held, Standing } from '../../store/standing.ts'
import type { Attempt } from './attempt.ts'

/** After the first node told that the lock is free, the others have this long before the waiter looks with fewer. */
const TOLD_MS = 20

export interface Grant {
  readonly vote: string
  readonly token: bigint
  readonly askedAt: Stamp
  readonly lifeMs: number
}

export interface VotedClaim {
  readonly record: string
  readonly id: string
  underWay: { readonly attempt: Attempt; readonly standing: Promise<Standing> } | undefined
  grant: Grant | undefined
  /** When its first attempt asked: its place in the order of waiters. */
  number: number | undefined
  /** The highest token that a node named. */
  seen: bigint
  /** Attempts in a row that split the votes. */
  splits: number
  isWaiting: boolean
  /** Counts what makes a look worthwhile. */
  news: number
  /** The news that the last answer knew of. */
  answeredNews: number
  readonly toldBy: Set<number>
  toldTimer: Timer | undefined
  readonly watchers: Set<() => void>
}

const HINT: Hint = { kind: 'hint' }

export class VotedClaims {
  readonly #clock: Clock
  readonly #majority: number
  readonly #entries = new Map<string, VotedClaim>()

  constructor(clock: Clock, majority: number) {
    this.#clock = clock
    this.#majority = majority
  }

  get size(): number {
    return this.#entries.size
  }

  find(record: string, id: string): VotedClaim | undefined {
    return this.#entries.get(keyOf(record, id))
  }

  /** Made before the first question is sent, so that what a node tells before the answer is kept. */
  expect(record: string, id: string): VotedClaim {
    const key = keyOf(record, id)
    let entry = this.#entries.get(key)
    if (entry === undefined) {
      entry = {
        record,
        id,
        underWay: undefined,
        grant: undefined,
        number: undefined,
        seen: 0n,
        splits: 0,
        isWaiting: false,
        news: 0,
        answeredNews: 0,
        toldBy: new Set(),
        toldTimer: undefined,
        watchers: new Set(),
      }
      this.#entries.set(key, entry)
    }
    return entry
  }

  /** Nothing more will be heard of it. */
  end(entry: VotedClaim): void {
    if (this.find(entry.record, entry.id) === entry) this.#entries.delete(keyOf(entry.record, entry.id))
    entry.toldTimer?.cancel()
    entry.underWay?.attempt.cancel()
    this.#tell(entry)
  }

  /** Before a question is sent: what was told before it is old. */
  forgetTold(entry: VotedClaim): void {
    entry.toldBy.clear()
    entry.toldTimer?.cancel()
    entry.toldTimer = undefined
  }

  /** A node says that the lock is free and that it is kept for this claim: one is a hint, a majority is the lock. */
  free(record: string, id: string, node: number): void {
    const entry = this.find(record, id)
    if (entry === undefined) return
    entry.toldBy.add(node)
    if (entry.toldBy.size === this.#majority) this.#tell(entry)
    else if (entry.toldBy.size === 1) entry.toldTimer = this.#clock.schedule(TOLD_MS, () => this.#tell(entry))
  }

  evicted(record: string, id: string): void {
    const entry = this.find(record, id)
    if (entry !== undefined) this.#tell(entry)
  }

  watch(record: string, id: string, signal: AbortSignal): Promise<Hint> {
    const entry = this.find(record, id)
    if (entry === undefined || entry.news !== entry.answeredNews || signal.aborted) return Promise.resolve(HINT)
    const { promise, resolve } = Promise.withResolvers<Hint>()
    const watcher = (): void => {
      entry.watchers.delete(watcher)
      signal.removeEventListener('abort', watcher)
      resolve(HINT)
    }
    entry.watchers.add(watcher)
    signal.addEventListener('abort', watcher)
    return promise
  }

  /** For when messages may have been lost, and for closing. */
  hintAll(): void {
    for (const entry of this.#entries.values()) this.#tell(entry)
  }

  close(): void {
    for (const entry of this.#entries.values()) this.end(entry)
  }

  #tell(entry: VotedClaim): void {
    entry.toldTimer?.cancel()
    entry.toldTimer = undefined
    entry.news += 1
    for (const watcher of entry.watchers) watcher()
  }
}

export function heldBy({ grant }: VotedClaim): Held | undefined {
  if (grant === undefined) return undefined
  const { token, askedAt, lifeMs } = grant
  return { kind: 'held', token, askedAt, lifeMs, provisional: false }
}

function keyOf(record: string, id: string): string {
  return `${record} ${id}`
}
