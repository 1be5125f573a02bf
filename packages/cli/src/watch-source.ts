/**
 * Where the view of `holdfast watch` comes from. Names are listed at intervals; a line that is shown is observed, so that its
 * store tells of each change, and it is looked at only where no store does. Observing registers this process with a line for a
 * minute; no claim is touched by it, and what is registered lapses on its own.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { LineView, Locks } from 'holdfast'
import { looksAt, type Looks, type NamedLine, type UnreadableName } from './look.ts'
import { namesOf, type View } from './watch-view.ts'

export interface SourceOptions {
  readonly prefix: string
  /** 0 where the store cannot push, or where there will be one look only. */
  readonly observersMax: number
  /** Whether `endsInMs` follows renewals, which are no change. */
  readonly followsRenewals: boolean
  /** A line changed between two looks. */
  onChange(): void
}

/** Which of the listed names are shown. */
export interface WantedNames {
  /** Shown whatever its place in the listing is. */
  readonly opened?: string | undefined
  matches(name: string): boolean
}

const ALL: WantedNames = { matches: () => true }
/** A line that changes all the time is read no more often than this; what comes and goes in between is joined. */
const PACE_MS = 100

interface KnownLine {
  readonly line: LineView
  /** On the monotonic clock. */
  readonly atMs: number
}

export class ViewSource {
  readonly #locks: Locks
  readonly #options: SourceOptions
  readonly #known = new Map<string, KnownLine>()
  readonly #unreadable = new Map<string, UnreadableName>()
  readonly #observers = new Map<string, AbortController>()
  #listed: ReadonlySet<string> = new Set()
  #wanted: WantedNames = ALL
  #isCut = false
  #shown: readonly string[] = []
  #isClosed = false

  constructor(locks: Locks, options: SourceOptions) {
    this.#locks = locks
    this.#options = options
  }

  get observers(): number {
    return this.#observers.size
  }

  /** What is known now, without asking. */
  get view(): View {
    const nowMs = performance.now()
    const listed = new Set(this.#listed)
    const lines: NamedLine[] = []
    for (const name of this.#shown) {
      const known = this.#known.get(name)
      if (known === undefined) continue
      if (known.line.claims.length === 0) listed.delete(name)
      else {
        listed.add(name)
        lines.push({ name, line: agedLine(known.line, nowMs - known.atMs) })
      }
    }
    const unreadable = [...this.#unreadable.values()]
    const isFull = this.#observers.size >= this.#options.observersMax
    const polled = isFull ? lines.filter(({ name }) => !this.#observers.has(name)).length : 0
    const wanted = [...listed].filter((name) => this.#wanted.matches(name)).length
    return { lines, unreadable, listed, wanted, isCut: this.#isCut, polled }
  }

  /** Lists the names, and looks at those of the first `linesMax` wanted ones of which no observer tells. */
  async refresh(linesMax: number, wanted: WantedNames = ALL): Promise<void> {
    const askedAtMs = performance.now()
    const { listed, isCut } = await namesOf(this.#locks, this.#options.prefix)
    const { opened } = wanted
    const shown = [...listed].filter((name) => wanted.matches(name) && name !== opened).slice(0, linesMax)
    // Where the listing has it, so that it stays in its place.
    if (opened !== undefined && listed.has(opened)) shown.splice(placeIn(listed, shown, opened), 0, opened)
    const looks = await looksAt(
      this.#locks,
      shown.filter((name) => this.#isLookedAt(name)),
    )
    if (this.#isClosed) return
    // Taken again since the names were asked for, as its observer knows.
    const taken = this.#shown.filter((name) => !listed.has(name) && this.#isTakenSince(name, askedAtMs))
    this.#listed = listed
    this.#wanted = wanted
    this.#isCut = isCut
    const isShown = (name: string): boolean => wanted.matches(name) || name === opened
    this.#shown = [...shown, ...taken.filter(isShown)].slice(0, Math.max(linesMax, shown.length))
    this.#forgetOthers()
    this.#take(looks)
    this.#observeMore()
  }

  /** Ends all observers. */
  close(): void {
    this.#isClosed = true
    for (const observer of this.#observers.values()) observer.abort()
    this.#observers.clear()
  }

  #isLookedAt(name: string): boolean {
    const known = this.#known.get(name)
    if (known === undefined || !this.#observers.has(name)) return true
    if (!this.#options.followsRenewals) return false
    // A renewal is no change, so no observer tells of it; what is left is asked for again when half of it is over.
    const leftMs = Math.min(...known.line.claims.map(({ endsInMs = Number.POSITIVE_INFINITY }) => endsInMs))
    return performance.now() - known.atMs > leftMs / 2
  }

  #isTakenSince(name: string, sinceMs: number): boolean {
    const known = this.#known.get(name)
    return known !== undefined && known.line.claims.length > 0 && known.atMs > sinceMs
  }

  #forgetOthers(): void {
    const kept = new Set(this.#shown)
    for (const names of [this.#known, this.#unreadable]) {
      for (const name of names.keys()) if (!kept.has(name)) names.delete(name)
    }
    for (const name of this.#observers.keys()) if (!kept.has(name)) this.#endObserver(name)
  }

  #take({ lines, unreadable, free }: Looks): void {
    const atMs = performance.now()
    for (const { name, line } of [...lines, ...free]) {
      this.#unreadable.delete(name)
      // A look may be older than what an observer told meanwhile, so it only tells how long the same claims last.
      const isOlder = this.#observers.has(name) && this.#known.get(name)?.line.version !== line.version
      if (!isOlder) this.#known.set(name, { line, atMs })
    }
    for (const each of unreadable) {
      this.#endObserver(each.name)
      this.#known.delete(each.name)
      this.#unreadable.set(each.name, each)
    }
  }

  #observeMore(): void {
    for (const name of this.#shown) {
      if (this.#observers.size >= this.#options.observersMax) return
      if (this.#known.has(name) && !this.#observers.has(name)) void this.#observe(name)
    }
  }

  /** An observer that fails is none: the next look finds out why. */
  async #observe(name: string): Promise<void> {
    const observer = new AbortController()
    const { signal } = observer
    this.#observers.set(name, observer)
    try {
      for await (const line of this.#locks.observe(name, { signal })) {
        if (signal.aborted) return
        const isNews = this.#known.get(name)?.line.version !== line.version
        this.#known.set(name, { line, atMs: performance.now() })
        if (isNews) this.#options.onChange()
        await sleep(PACE_MS, undefined, { signal })
      }
    } catch {
      // Also when it was ended during the pause.
    } finally {
      if (this.#observers.get(name) === observer) this.#observers.delete(name)
    }
  }

  #endObserver(name: string): void {
    this.#observers.get(name)?.abort()
    this.#observers.delete(name)
  }
}

/** How many of the shown names are listed before the name. */
function placeIn(listed: ReadonlySet<string>, shown: readonly string[], name: string): number {
  const order = [...listed]
  const before = new Set(order.slice(0, order.indexOf(name)))
  return shown.filter((each) => before.has(each)).length
}

/** As it is after a while in which nothing happened to it. */
function agedLine(line: LineView, byMs: number): LineView {
  const claims = line.claims.map((claim) =>
    claim.endsInMs === undefined ? claim : { ...claim, endsInMs: Math.max(0, claim.endsInMs - byMs) },
  )
  return { ...line, claims }
}
