/// <reference lib="dom" />
/** The list of locks: it draws the rows in view, and keeps the chosen one chosen while others come and go. */
import { element } from './elements.ts'
import { drawnPart, type LineTable, type RowFilter, type TimedRow } from './line-table.ts'
import { rowHtml } from './views.ts'

/** Where rows are two lines high. */
const NARROW = '(max-width: 640px)'
const ROW_HEIGHT = { wide: 36, narrow: 60 } as const

export class LineList {
  /** The name that is chosen; '' for none. */
  selected = ''
  readonly #scroll = element('scroll', HTMLElement)
  readonly #rows = element('rows', HTMLElement)
  readonly #above = element('above', HTMLElement)
  readonly #below = element('below', HTMLElement)
  readonly #count = element('count', HTMLElement)
  readonly #table = element('table', HTMLElement)
  readonly #narrow = matchMedia(NARROW)
  #shown: readonly TimedRow[] = []
  #drawn = ''

  constructor(onScroll: () => void) {
    this.#scroll.addEventListener('scroll', onScroll, { passive: true })
    this.#narrow.addEventListener('change', onScroll)
  }

  /** `isSettled`: rows may take other places. Else they stay where a pointer may be on them. */
  draw(table: LineTable, filter: RowFilter, isSettled: boolean, nowMs: number): void {
    const wanted = table.shown(filter)
    this.#shown = isSettled ? wanted : inPlace(this.#shown, wanted)
    const height = this.#rowHeight
    const { from, to } = drawnPart(this.#shown.length, this.#scroll.scrollTop, this.#scroll.clientHeight, height)
    const rows = this.#shown.slice(from, to).map((row, index) => rowHtml(row, from + index, this.selected, nowMs).text)
    this.#put(rows.join(''))
    this.#above.style.height = `${from * height}px`
    this.#below.style.height = `${(this.#shown.length - to) * height}px`
    this.#table.setAttribute('aria-rowcount', String(this.#shown.length + 1))
    const hidden = table.size - this.#shown.length
    this.#count.textContent =
      table.size === 0
        ? 'No lock is held or waited for. Try: holdfast run seat-14a -- sleep 30'
        : `${this.#shown.length} shown${hidden > 0 ? `, ${hidden} hidden by the filter` : ''}`
  }

  /** Chooses the row that is so many below the chosen one. */
  move(by: number): void {
    const at = this.#shown.findIndex(({ row }) => row.name === this.selected)
    const next = Math.max(0, Math.min(this.#shown.length - 1, at + by))
    this.selected = this.#shown[next]?.row.name ?? ''
    const [top, height] = [next * this.#rowHeight, this.#rowHeight]
    const { scrollTop, clientHeight } = this.#scroll
    if (top < scrollTop) this.#scroll.scrollTop = top
    else if (top + 2 * height > scrollTop + clientHeight) this.#scroll.scrollTop = top + 2 * height - clientHeight
  }

  get #rowHeight(): number {
    return this.#narrow.matches ? ROW_HEIGHT.narrow : ROW_HEIGHT.wide
  }

  /** Only when something is different, and without taking the focus from a link in it. */
  #put(markup: string): void {
    if (markup === this.#drawn) return
    this.#drawn = markup
    const { activeElement } = document
    const focused =
      activeElement !== null && this.#rows.contains(activeElement) ? activeElement.getAttribute('href') : null
    this.#rows.innerHTML = markup
    if (focused === null) return
    for (const link of this.#rows.querySelectorAll('a')) {
      if (link.getAttribute('href') === focused) link.focus({ preventScroll: true })
    }
  }
}

/** Rows that were shown stay where they are, and new ones come behind them. */
function inPlace(shown: readonly TimedRow[], wanted: readonly TimedRow[]): readonly TimedRow[] {
  const left = new Map(wanted.map((timed) => [timed.row.name, timed]))
  const kept = shown.flatMap(({ row: { name } }) => {
    const timed = left.get(name)
    left.delete(name)
    return timed ?? []
  })
  return [...kept, ...left.values()]
}
