/** What a live view remembers between two looks: since when a claim is in its state, what happened last, and how busy lines were. */
import type { ClaimView } from 'holdfast'
import { shortDuration } from './text.ts'
import { Trend } from './trend.ts'
import { type Change, changesAtFirst, changesBetween, type View } from './watch-view.ts'
import { changeInWords, timeOfDay } from './watch-words.ts'

/** How long a change stands out. */
const FRESH_MS = 3_000
const RECENT_MAX = 50

interface Seen {
  readonly sinceMs: number
  /** It was there at the first look, so it is older than what was seen of it. */
  readonly isOlder: boolean
}

export interface Recent {
  readonly name: string
  readonly text: string
  readonly isLoss: boolean
}

export class LiveView {
  view: View | undefined
  recent: readonly Recent[] = []
  /** Of all lines together. */
  readonly trend: Trend = new Trend()
  #trends = new Map<string, Trend>()
  #seen = new Map<string, Seen>()

  /** Takes the next look and tells what changed since the last one. `nowMs` is monotonic. */
  next(view: View, nowMs: number, at: Date): readonly Change[] {
    const isFirst = this.view === undefined
    const changes = this.view === undefined ? changesAtFirst(view) : changesBetween(this.view, view)
    const arrived = new Set(changes.map(({ name, claim }) => keyOf(name, claim)))
    const seen = new Map<string, Seen>()
    for (const { name, line } of view.lines) {
      for (const claim of line.claims) {
        const key = keyOf(name, claim)
        const isOlder = isFirst || !arrived.has(key)
        seen.set(key, this.#seen.get(key) ?? { sinceMs: nowMs, isOlder })
      }
    }
    this.#seen = seen
    this.view = view
    this.#noteTrends(view, isFirst ? [] : changes, nowMs)
    if (!isFirst) this.recent = [...this.recent, ...changes.map((change) => recentOf(change, at))].slice(-RECENT_MAX)
    return changes
  }

  age(name: string, claim: ClaimView, nowMs: number): { readonly text: string; readonly isFresh: boolean } {
    const seen = this.#seen.get(keyOf(name, claim))
    if (seen === undefined) return { text: '', isFresh: false }
    const ms = nowMs - seen.sinceMs
    return { text: `${shortDuration(ms)}${seen.isOlder ? '+' : ''}`, isFresh: !seen.isOlder && ms < FRESH_MS }
  }

  /** Of a line that is shown. */
  trendOf(name: string): Trend {
    return this.#trends.get(name) ?? new Trend()
  }

  #noteTrends({ lines }: View, changes: readonly Change[], nowMs: number): void {
    const granted = changes.filter(({ kind }) => kind === 'held' || kind === 'missed').map(({ name }) => name)
    const trends = new Map<string, Trend>()
    let all = 0
    for (const { name, line } of lines) {
      const trend = this.trendOf(name)
      const waiting = line.claims.filter(({ state }) => state === 'waiting').length
      trend.note(nowMs, { grants: granted.filter((each) => each === name).length, waiting })
      trends.set(name, trend)
      all += waiting
    }
    this.#trends = trends
    this.trend.note(nowMs, { grants: granted.length, waiting: all })
  }
}

function recentOf(change: Change, at: Date): Recent {
  const { kind, name } = change
  return { name, text: `${timeOfDay(at)} ${changeInWords(change)}`, isLoss: kind === 'ended' || kind === 'lingering' }
}

function keyOf(name: string, claim: ClaimView | undefined): string {
  return JSON.stringify([name, claim?.id, claim?.state])
}
