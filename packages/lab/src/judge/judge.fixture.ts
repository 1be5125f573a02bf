/** Histories written by hand, in milliseconds, for tests of the checkers. */
import type { Detail, HistoryEvent } from '@holdfast/testbed/history'
import { type JudgeOptions, judge } from './judge.ts'
import type { Property } from './violation.ts'

export class Story {
  readonly events: HistoryEvent[] = []
  #count = 0

  /** An operation from its call to its end; without an end it was never answered. */
  op(p: string, f: string, span: readonly [number, number?], input: Detail, end: Detail | string = {}): this {
    const op = this.#count
    const [callMs, endMs] = span
    this.#push({ p, f, op, e: 'call', in: input }, callMs)
    if (endMs === undefined) return this
    if (typeof end === 'string') this.#push({ p, f, op, e: 'fail', err: { code: end, message: '' } }, endMs)
    else this.#push({ p, f, op, e: 'ok', out: end }, endMs)
    return this
  }

  at(p: string, f: string, atMs: number, input: Detail = {}): this {
    this.#push({ p, f, op: this.#count, e: 'sig', in: input }, atMs)
    return this
  }

  /** A hold: asked for, granted, valid until, released. */
  hold(p: string, token: number, times: HoldTimes, weight = 1, capacity = 1): this {
    const { askedMs, grantedMs, validMs, releasedMs } = times
    const out = { token: String(token), validUntil: String(Math.round(validMs * 1e6)) }
    this.op(p, 'acquire', [askedMs, grantedMs], { weight, capacity }, out)
    if (releasedMs === undefined) return this
    return this.op(p, 'release', [releasedMs, releasedMs + 1], { token: String(token) }, { outcome: 'released' })
  }

  #push(event: Pick<HistoryEvent, 'p' | 'e' | 'op' | 'f'> & Partial<HistoryEvent>, atMs: number): void {
    this.events.push({ i: (this.#count += 1), t: String(Math.round(atMs * 1e6)), k: 'seat', ...event })
  }
}

export interface HoldTimes {
  readonly askedMs: number
  readonly grantedMs: number
  readonly validMs: number
  readonly releasedMs?: number
}

export function broken(story: Story, options: JudgeOptions = { freeNs: 1e9 }): Property[] {
  // The first event gives the origin; a story begins at 0.
  const start: HistoryEvent = { i: 0, t: '0', p: 'story', e: 'sig', op: -1, f: 'start', k: 'seat' }
  return judge([start, ...story.events], options).violations.map((violation) => violation.property)
}
