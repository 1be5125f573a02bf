/** All rows that the page knows, what of them is shown, and which part of that is worth drawing. */
import type { LineRow } from '../line-row.ts'

/** A row, and when it was told, on the clock of the page. */
export interface TimedRow {
  readonly row: LineRow
  readonly atMs: number
}

export const SORTS = ['trouble', 'name', 'since', 'ends', 'waiters'] as const
export type Sort = (typeof SORTS)[number]

export interface RowFilter {
  /** A part of the name or of the owner. */
  readonly text: string
  /** '' for all. */
  readonly state: string
  readonly onlyContended: boolean
  readonly sort: Sort
}

export const NO_FILTER: RowFilter = { text: '', state: '', onlyContended: false, sort: 'trouble' }

/** A line that did not move for so long is worth a look. */
const STUCK_MS = 300_000

export interface Totals {
  readonly held: number
  readonly waiting: number
  /** Lines with waiters that did not move for 5 minutes. */
  readonly stuck: number
  /** Leases that should have ended and are still shown. */
  readonly overdue: number
}

export class LineTable {
  readonly #rows = new Map<string, TimedRow>()
  /** Told before the stream began anew, and not since. */
  readonly #doubtful = new Set<string>()

  get size(): number {
    return this.#rows.size
  }

  row(name: string): TimedRow | undefined {
    return this.#rows.get(name)
  }

  /** What an event of the stream says. */
  apply(event: string, data: unknown, nowMs: number): void {
    if (event === 'line') this.#set(data as LineRow, nowMs)
    else if (event === 'free') this.#delete((data as { readonly name: string }).name)
    else if (event === 'reset') for (const name of this.#rows.keys()) this.#doubtful.add(name)
    else if (event === 'ready') for (const name of this.#doubtful) this.#delete(name)
  }

  shown(filter: RowFilter): readonly TimedRow[] {
    const text = filter.text.toLowerCase()
    const rows = [...this.#rows.values()].filter(({ row }) => {
      const isFound = row.name.toLowerCase().includes(text) || row.owner.toLowerCase().includes(text)
      return (
        isFound && (filter.state === '' || row.state === filter.state) && !(filter.onlyContended && row.waiters === 0)
      )
    })
    return rows.sort((one, other) => orders[filter.sort](one, other) || byName(one, other))
  }

  totals(nowMs: number): Totals {
    let [held, waiting, stuck, overdue] = [0, 0, 0, 0]
    for (const { row, atMs } of this.#rows.values()) {
      const passedMs = nowMs - atMs
      held += row.holders
      waiting += row.waiters
      if (row.waiters > 0 && Math.min(row.oldestWaitMs ?? 0, row.forMs) + passedMs > STUCK_MS) stuck += 1
      if (row.endsInMs !== null && row.endsInMs < passedMs) overdue += 1
    }
    return { held, waiting, stuck, overdue }
  }

  #set(row: LineRow, nowMs: number): void {
    this.#doubtful.delete(row.name)
    this.#rows.set(row.name, { row, atMs: nowMs })
  }

  #delete(name: string): void {
    this.#doubtful.delete(name)
    this.#rows.delete(name)
  }
}

type Order = (one: TimedRow, other: TimedRow) => number

/** Each by a moment and not by an age: ages were told at different times. */
const sinceAt = ({ row, atMs }: TimedRow): number => atMs - row.forMs
const waitsSince = ({ row, atMs }: TimedRow): number =>
  row.oldestWaitMs === null ? Number.MAX_SAFE_INTEGER : atMs - row.oldestWaitMs
const endsAt = ({ row, atMs }: TimedRow): number =>
  row.endsInMs === null ? Number.MAX_SAFE_INTEGER : atMs + row.endsInMs
const byName: Order = (one, other) => (one.row.name < other.row.name ? -1 : one.row.name > other.row.name ? 1 : 0)
const byWaiters: Order = (one, other) => other.row.waiters - one.row.waiters

const orders: Readonly<Record<Sort, Order>> = {
  trouble: (one, other) => waitsSince(one) - waitsSince(other) || byWaiters(one, other),
  name: byName,
  since: (one, other) => sinceAt(one) - sinceAt(other),
  ends: (one, other) => endsAt(one) - endsAt(other),
  waiters: byWaiters,
}

export interface DrawnPart {
  readonly from: number
  readonly to: number
}

/** The rows in view and some around them: ten thousand are as quick as fifty. */
export function drawnPart(count: number, scrollTop: number, viewHeight: number, rowHeight: number): DrawnPart {
  const around = 15
  const first = Math.floor(scrollTop / rowHeight)
  const from = Math.max(0, Math.min(first, count) - around)
  return { from, to: Math.min(count, first + Math.ceil(viewHeight / rowHeight) + around) }
}
