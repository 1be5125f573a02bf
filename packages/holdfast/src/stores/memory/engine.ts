/**
 * The lines of one process, and who watches them. Many clients may share an engine, and it outlives them, as a server
 * would. Every step is synchronous, so nothing else can happen in the middle of one.
 */
import type { Clock } from '../../time/clock.ts'
import { emptyLine, type Line } from '../../line/line.ts'
import { looksDifferent } from '../../line/view.ts'
import { isIdle, type Moment, type LineStep, sweep } from '../../line/transition.ts'

/** Called after each change of what it watches; it looks for itself whether there is news. */
export type LineWatcher = () => void

interface MemoryLine {
  readonly line: Line
  /** Differs after every change that an observer could see. */
  readonly version: number
}

/**
 * Lines looked at for each new one, so that idle and abandoned lines are forgotten and no step has to look at all.
 * Forgetting a line as soon as it is idle was 25 times slower beside 100,000 others: a Map keeps deleted keys in its
 * chains until it grows, so a key that comes and goes is found ever more slowly.
 */
const SWEPT_AT_ONCE = 2

export class MemoryEngine {
  readonly #entries = new Map<string, MemoryLine>()
  readonly #watchers = new Map<string, Set<LineWatcher>>()
  #sweeping: MapIterator<[string, MemoryLine]> = this.#entries.entries()
  #clock: Clock | undefined
  #version = 0
  /** The highest token of any line that was forgotten: a line made anew starts above it. */
  #floor = 0n

  /** The first client's clock judges expiry from then on; a second clock would make time jump. */
  useClock(clock: Clock): void {
    this.#clock ??= clock
  }

  now(): Moment {
    if (this.#clock === undefined) throw new Error('the engine was used before its first client was open')
    return {
      nowMs: this.#clock.monotonicMs(),
      tokenScaleUs: BigInt(Math.floor(this.#clock.wallMs() * 1000)),
    }
  }

  /** Lines in memory, also idle ones that were not looked at since. */
  get size(): number {
    return this.#entries.size
  }

  line(resource: string): Line {
    return this.#entries.get(resource)?.line ?? emptyLine
  }

  /** 0 while nobody claims, whether the line is still in memory or not. */
  version(resource: string): number {
    const entry = this.#entries.get(resource)
    return entry === undefined || isIdle(entry.line) ? 0 : entry.version
  }

  resources(): IterableIterator<string> {
    return this.#entries.keys()
  }

  /** Carries out one step on a line and tells whoever it concerns. `id` is the asker's claim. */
  step<Answer>(
    resource: string,
    id: string | undefined,
    change: (line: Line, now: Moment) => LineStep<Answer>,
  ): Answer {
    const entry = this.#entries.get(resource)
    const before = entry?.line ?? { lastToken: this.#floor, claims: [] }
    const now = this.now()
    const { line, answer, notify: told } = change(before, now)
    if (line === before) return answer
    const seen = entry !== undefined && !looksDifferent(before, line)
    this.#entries.set(resource, { line, version: seen ? entry.version : (this.#version += 1) })
    if (entry === undefined) this.#sweepSome(now)
    // What looks the same is no news to anybody: ten thousand renewals need not ask all who watch.
    if (!seen && this.#watchers.size > 0) {
      for (const claim of told) this.#tell(subjectOf(resource, claim.id))
      if (id !== undefined) this.#tell(subjectOf(resource, id))
      this.#tell(resource)
    }
    return answer
  }

  /** Watches a resource, or with an id one claim in it. Returns what undoes it. */
  watch(resource: string, id: string | undefined, watcher: LineWatcher): () => void {
    const subject = id === undefined ? resource : subjectOf(resource, id)
    const watchers = this.#watchers.get(subject) ?? new Set()
    this.#watchers.set(subject, watchers.add(watcher))
    return () => {
      watchers.delete(watcher)
      if (watchers.size === 0 && this.#watchers.get(subject) === watchers) this.#watchers.delete(subject)
    }
  }

  #tell(subject: string): void {
    const watchers = this.#watchers.get(subject)
    if (watchers === undefined) return
    // A watcher that has heard enough takes itself out of the set while we go through it; a Set allows that.
    for (const watcher of watchers) watcher()
  }

  #sweepSome(now: Moment): void {
    for (let count = 0; count < SWEPT_AT_ONCE; count += 1) {
      const next = this.#sweeping.next()
      if (next.done === true) {
        this.#sweeping = this.#entries.entries()
        return
      }
      const [resource, { line }] = next.value
      if (!isIdle(sweep(line, now))) continue
      if (line.lastToken > this.#floor) this.#floor = line.lastToken
      this.#entries.delete(resource)
      if (!isIdle(line)) this.#tell(resource)
    }
  }
}

/** No slash occurs in an encoded resource, so no claim shares its key with another. */
function subjectOf(resource: string, id: string): string {
  return `${resource}/${id}`
}
