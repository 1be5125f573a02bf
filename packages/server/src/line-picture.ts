/**
 * The newest look at every line of the namespace, for all readers together. A few lines are observed, so that the store tells
 * of each change; the others are looked at in turn, in a small share of the time, because an observer of each would be a
 * writer to the store. Nothing is asked for while nothing reads.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type LineView, type Locks, StoreUnavailable } from 'holdfast'
import { type ClaimAges, agesOf, changesBetween } from './line-changes.ts'
import { LineHistory } from './line-history.ts'
import { Tombs } from './tombs.ts'

export interface KnownLine {
  readonly name: string
  /** Undefined when the name cannot be read. */
  readonly line: LineView | undefined
  readonly why: string | undefined
  readonly ages: ClaimAges
  /** When it was looked at, on the clock of this process. */
  readonly atMs: number
  /** The number of its newest change. */
  readonly change: number
}

/** A line that its store tells of. */
interface Observation {
  readonly controller: AbortController
  /** Since when the line has no claims. */
  freeSinceMs: number | undefined
}

/** Which line changed; undefined for what is not one line: the store went away or came back, or all lines were looked at. */
export type PictureListener = (name: string | undefined) => void

export const NAMES_MAX = 10_000
const PAGE_NAMES = 1_000
const OBSERVERS_MAX = 200
/** Looks together: they must not take a whole connection pool. */
const AT_ONCE = 8
/** Between two rounds: 19 parts of rest for one of work. */
const REST_PARTS = 19
const REST_MS = { min: 1_000, max: 30_000 } as const
/** A renewal is no change, and worth telling only when it moved the end by so much. */
const RENEWAL_MS_MIN = 1_000
/** A line that was free for so long is no longer observed. */
const FREE_MS_MAX = 15_000
/** A reader that comes back soon goes on where it was. */
const IDLE_MS_MAX = 60_000
const NO_AGES: ClaimAges = new Map()

export class LinePicture {
  readonly history: LineHistory = new LineHistory()
  readonly #locks: Locks
  readonly #lines = new Map<string, KnownLine>()
  readonly #observers = new Map<string, Observation>()
  readonly #listeners = new Set<PictureListener>()
  readonly #tombs = new Tombs()
  #change = 0
  #running: AbortController | undefined
  #idle: NodeJS.Timeout | undefined
  #isComplete = false
  #isCut = false
  #awaySinceMs: number | undefined
  #restMs: number = REST_MS.min

  constructor(locks: Locks) {
    this.#locks = locks
  }

  /** Calls the listener at each change until the returned function is called. */
  listen(listener: PictureListener): () => void {
    clearTimeout(this.#idle)
    this.#listeners.add(listener)
    if (this.#running === undefined) {
      this.#running = new AbortController()
      void this.#run(this.#running.signal)
    }
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size > 0) return
      this.#idle = setTimeout(() => this.stop(), IDLE_MS_MAX)
      this.#idle.unref()
    }
  }

  get lines(): ReadonlyMap<string, KnownLine> {
    return this.#lines
  }

  /** The number of the newest change. */
  get change(): number {
    return this.#change
  }

  /** Whether all lines were looked at once; how many at most; and how long ago the store went away. */
  get state(): {
    readonly isComplete: boolean
    readonly isCut: boolean
    readonly awayMs: number | undefined
    readonly restMs: number
  } {
    const awayMs = this.#awaySinceMs === undefined ? undefined : performance.now() - this.#awaySinceMs
    return { isComplete: this.#isComplete, isCut: this.#isCut, awayMs, restMs: this.#restMs }
  }

  /** Names that changed or became free after this change, or undefined when that is not known any more. */
  namesSince(change: number): readonly string[] | undefined {
    const free = this.#tombs.since(change)
    if (free === undefined || change > this.#change) return undefined
    const changed = [...this.#lines.values()].filter((known) => known.change > change)
    return [...changed.map(({ name }) => name), ...free]
  }

  /** Forgets everything: what is not looked at is not known. */
  stop(): void {
    clearTimeout(this.#idle)
    this.#running?.abort()
    this.#running = undefined
    for (const { controller } of this.#observers.values()) controller.abort()
    this.#observers.clear()
    this.#lines.clear()
    this.#change += 1
    this.#tombs.forget(this.#change)
    this.#isComplete = false
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const startedMs = performance.now()
      try {
        await this.#round(signal)
        if (signal.aborted) return
        this.#isComplete = true
        this.#awaySinceMs = undefined
      } catch {
        // The next round asks again, and readers are told since when there is no answer.
        this.#awaySinceMs ??= startedMs
      }
      const spentMs = performance.now() - startedMs
      this.#restMs = Math.min(REST_MS.max, Math.max(REST_MS.min, spentMs * REST_PARTS))
      this.#notify(undefined)
      await sleep(this.#restMs, undefined, { signal }).catch(() => undefined)
    }
  }

  async #round(signal: AbortSignal): Promise<void> {
    const startedMs = performance.now()
    const names = await this.#names()
    const due = names.filter((name) => this.#isDue(name))
    for (let at = 0; at < due.length && !signal.aborted; at += AT_ONCE) {
      await Promise.all(due.slice(at, at + AT_ONCE).map((name) => this.#look(name, signal)))
    }
    if (signal.aborted) return
    const listed = new Set(names)
    for (const { name, atMs } of this.#lines.values()) {
      // What was seen after the names were asked for may be taken since.
      if (!listed.has(name) && atMs < startedMs && !this.#isCut) this.#bury(name)
    }
    this.#chooseObservers(names)
  }

  /** A lock that is taken again and again stays observed in between. */
  #chooseObservers(names: readonly string[]): void {
    const freeBeforeMs = performance.now() - FREE_MS_MAX
    for (const { controller, freeSinceMs } of this.#observers.values()) {
      if (freeSinceMs !== undefined && freeSinceMs < freeBeforeMs) controller.abort()
    }
    for (const name of names) {
      if (this.#observers.size >= OBSERVERS_MAX) return
      if (!this.#observers.has(name) && this.#lines.get(name)?.line !== undefined) void this.#observe(name)
    }
  }

  async #names(): Promise<readonly string[]> {
    const names = new Set<string>()
    let cursor: string | undefined
    do {
      const page = await this.#locks.list({ limit: PAGE_NAMES, ...(cursor === undefined ? {} : { cursor }) })
      for (const name of page.names) names.add(name)
      cursor = page.cursor
    } while (cursor !== undefined && names.size < NAMES_MAX)
    this.#isCut = cursor !== undefined
    return [...names].slice(0, NAMES_MAX)
  }

  /** No observer tells of a renewal, so that what is left is asked for again when half of it is over. */
  #isDue(name: string): boolean {
    const known = this.#lines.get(name)
    if (known?.line === undefined || !this.#observers.has(name)) return true
    return performance.now() - known.atMs > soonestEndMs(known.line) / 2
  }

  async #look(name: string, signal: AbortSignal): Promise<void> {
    const before = this.#lines.get(name)?.change
    try {
      const line = await this.#locks.inspect(name)
      // An observer may have told of a newer state meanwhile.
      if (!signal.aborted && this.#lines.get(name)?.change === before) this.#set(name, line)
    } catch (error) {
      if (!(error instanceof StoreUnavailable) || !error.isFinal) throw error
      if (!signal.aborted) this.#setUnreadable(name, error.message)
    }
  }

  async #observe(name: string): Promise<void> {
    const controller = new AbortController()
    const { signal } = controller
    const observation: Observation = { controller, freeSinceMs: undefined }
    this.#observers.set(name, observation)
    try {
      for await (const line of this.#locks.observe(name, { signal })) {
        if (signal.aborted) return
        observation.freeSinceMs = line.claims.length > 0 ? undefined : performance.now()
        this.#set(name, line)
      }
    } catch {
      // The next round finds out why.
    } finally {
      if (this.#observers.get(name) === observation) this.#observers.delete(name)
    }
  }

  #set(name: string, line: LineView): void {
    const before = this.#lines.get(name)
    const nowMs = performance.now()
    const ages = agesOf(line, before?.ages ?? NO_AGES, nowMs, before === undefined && !this.#isComplete)
    if (before?.line?.version !== line.version) {
      const changes = changesBetween(before?.line, line, before?.ages ?? NO_AGES, nowMs)
      if (before !== undefined || this.#isComplete) this.history.add(name, changes)
    }
    if (line.claims.length === 0) return this.#bury(name)
    const isTold = before?.line?.version !== line.version || isLater(before, line, nowMs)
    const change = isTold ? (this.#change += 1) : (before?.change ?? 0)
    this.#lines.set(name, { name, line, why: undefined, ages, atMs: nowMs, change })
    if (isTold) this.#notify(name)
  }

  #setUnreadable(name: string, why: string): void {
    if (this.#lines.get(name)?.why === why) return
    const change = (this.#change += 1)
    this.#lines.set(name, { name, line: undefined, why, ages: NO_AGES, atMs: performance.now(), change })
    this.#notify(name)
  }

  #bury(name: string): void {
    if (!this.#lines.delete(name)) return
    this.#tombs.add(name, (this.#change += 1))
    this.#notify(name)
  }

  #notify(name: string | undefined): void {
    for (const listener of this.#listeners) listener(name)
  }
}

function isLater(before: KnownLine, line: LineView, nowMs: number): boolean {
  if (before.line === undefined) return true
  return soonestEndMs(line) - (soonestEndMs(before.line) - (nowMs - before.atMs)) > RENEWAL_MS_MIN
}

function soonestEndMs({ claims }: LineView): number {
  return Math.min(...claims.map(({ endsInMs = Number.POSITIVE_INFINITY }) => endsInMs))
}
