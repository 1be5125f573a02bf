/** The history itself, line by line, as the file has it: only the lines in sight are in the document. */

const ROW = 20
const SPARE = 4

export class HistoryPanel {
  readonly #scroller: HTMLElement
  readonly #lines: readonly string[]
  readonly #rows: HTMLElement
  #current = 0

  constructor(scroller: HTMLElement, lines: readonly string[]) {
    this.#scroller = scroller
    this.#lines = lines
    this.#rows = document.createElement('div')
    this.#rows.className = 'rows'
    this.#rows.style.height = `${lines.length * ROW}px`
    scroller.replaceChildren(this.#rows)
    scroller.addEventListener('scroll', () => this.#draw())
    this.#draw()
  }

  /** Counted from 1. False for a line there is none of. */
  show(line: number): boolean {
    if (line < 1 || line > this.#lines.length) return false
    this.#current = line
    this.#scroller.scrollTop = Math.max(0, (line - 1) * ROW - this.#scroller.clientHeight / 2 + ROW)
    this.#draw()
    return true
  }

  /** When the event of a line happened, in monotonic nanoseconds. */
  timeOf(line: number): bigint | undefined {
    const text = this.#lines[line - 1] ?? ''
    const time = /"t":"(\d+)"/.exec(text)?.[1]
    return time === undefined ? undefined : BigInt(time)
  }

  #draw(): void {
    const { scrollTop, clientHeight } = this.#scroller
    const first = Math.max(0, Math.floor(scrollTop / ROW) - SPARE)
    const last = Math.min(this.#lines.length, Math.ceil((scrollTop + clientHeight) / ROW) + SPARE)
    const rows: HTMLElement[] = []
    for (let index = first; index < last; index += 1) rows.push(this.#row(index))
    this.#rows.replaceChildren(...rows)
  }

  #row(index: number): HTMLElement {
    const row = document.createElement('div')
    const number = document.createElement('a')
    row.id = `L${index + 1}`
    row.style.top = `${index * ROW}px`
    if (index + 1 === this.#current) row.className = 'current'
    number.href = `#L${index + 1}`
    number.textContent = String(index + 1)
    row.append(number, this.#lines[index] ?? '')
    return row
  }
}
