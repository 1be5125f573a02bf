/** How the looks of `holdfast watch` are shown: what a display is told, and what a frame is made of. */
import type { Printer } from './printer.ts'
import { printable } from './text.ts'
import type { Trend } from './trend.ts'
import type { Frame, Minute } from './watch-frame.ts'
import type { LiveView } from './watch-live.ts'
import type { WantedNames } from './watch-source.ts'
import type { Change } from './watch-view.ts'

export interface Display {
  /** How many names are worth a look. */
  readonly namesMax: number
  /** Which names are shown; absent where all are. */
  readonly wanted?: WantedNames | undefined
  /** Whether it shows how long a lease lasts, so that renewals matter. */
  readonly showsEnds: boolean
  show(live: LiveView, changes: readonly Change[], isFirst: boolean): void
  /** The last look failed, `ageMs` after the last one that did not. */
  trouble(words: string, ageMs: number): void
  close(): void
}

export interface Showing {
  readonly title: string
  readonly namesMax: number
  readonly person: PersonRequests
  readonly polling: { readonly observersMax: number; readonly intervalMs: number }
}

/** What a person at the terminal asks of the loop of looks. */
export interface PersonRequests {
  onQuit(): void
  /** Other names are wanted: the next look comes at once. */
  onLook(): void
}

export interface FrameWords {
  readonly title: string
  readonly notice?: string | undefined
  readonly trouble?: string | undefined
}

export function frameOf(printer: Printer, live: LiveView, { title, notice, trouble }: FrameWords): Frame | undefined {
  const { view, recent } = live
  if (view === undefined) return undefined
  const nowMs = performance.now()
  return {
    title,
    view,
    recent,
    minute: (name) => minuteOf(name === undefined ? live.trend : live.trendOf(name), nowMs),
    notice,
    trouble,
    clean: (text) => printable(printer.secrets.hide(text)),
    age: (name, claim) => live.age(name, claim, nowMs),
  }
}

function minuteOf(trend: Trend, nowMs: number): Minute {
  return { grants: trend.grants(nowMs), waiting: trend.waiting(nowMs) }
}
