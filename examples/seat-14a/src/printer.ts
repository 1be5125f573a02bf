/** Everything the demo prints: the story as it happens, the verdicts, the table at the end. Colour only where it helps. */
import { styleText } from 'node:util'
import type { Moment } from '@holdfast/lab/timeline/page'
import type { Act } from './acts.ts'
import type { Pace } from './pace.ts'
import type { Verdict } from './verdict.ts'

export interface Played {
  readonly act: Act
  readonly verdict: Verdict
}

type Style = Parameters<typeof styleText>[0]

export interface Output {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
}

const INDENT = 10
const WIDTH_MIN = 60
const WIDTH_MAX = 110

export class Printer {
  readonly #output: Output
  readonly #colour: boolean
  readonly #width: number
  #originNs = 0n

  constructor(output: Output, environment: NodeJS.ProcessEnv) {
    this.#output = output
    // https://no-color.org: present and not empty.
    this.#colour = output.isTTY === true && (environment['NO_COLOR'] ?? '') === ''
    this.#width = Math.min(WIDTH_MAX, Math.max(WIDTH_MIN, output.columns ?? WIDTH_MAX))
  }

  text(text: string): void {
    this.#line(this.#wrapped(text, 0))
  }

  act(act: Act): void {
    this.#originNs = 0n
    this.#line('')
    this.#line(this.#style('bold', act.title))
    this.#line(this.#style('dim', this.#wrapped(act.text, 0)))
  }

  /** The first event of an act is its second zero. */
  startsAt(t: string): void {
    if (this.#originNs === 0n) this.#originNs = BigInt(t)
  }

  moment(moment: Moment): void {
    const seconds = (Number(BigInt(moment.t) - this.#originNs) / 1e9).toFixed(3)
    const styles: Readonly<Record<Moment['tone'], Style | undefined>> = { plain: undefined, bad: 'red', good: 'green' }
    const text = this.#style(styles[moment.tone], this.#wrapped(moment.text, INDENT))
    this.#line(`${this.#style('dim', `${seconds} s`.padStart(INDENT - 2))}  ${text}`)
  }

  verdict({ verdict }: Played): void {
    if (verdict.soldOut > 0) this.#line(`${' '.repeat(INDENT)}${verdict.soldOut} buyers find it sold, and pay nothing.`)
    this.#line(this.#style(['bold', verdict.tickets === 1 ? 'green' : 'red'], `=> ${verdict.text}`))
    for (const missing of verdict.missing) this.#line(this.#style('red', `   This act should show that ${missing}.`))
  }

  /** What was measured, and what follows from it. */
  pace({ ttlMs, lateMs }: Pace): void {
    this.text(
      `This machine was up to ${(lateMs / 1000).toFixed(2)} s late in this act, so the lease of the lock is ${ttlMs / 1000} s from here on.`,
    )
  }

  summary(played: readonly Played[]): void {
    this.#line('')
    const head = ['', 'charged', 'refunded', 'tickets', 'refused writes']
    const rows = played.map(({ act, verdict }) => [
      act.title,
      ...[verdict.charged, verdict.refunded, verdict.tickets, verdict.refused].map(String),
    ])
    const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)))
    const lined = (row: readonly string[]): string =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart((widths[column] ?? 0) + 2)))
        .join('')
    this.#line(this.#style('dim', lined(head)))
    for (const row of rows) this.#line(lined(row))
    this.#line('')
  }

  #style(style: Style | undefined, text: string): string {
    return this.#colour && style !== undefined ? styleText(style, text, { validateStream: false }) : text
  }

  #wrapped(text: string, indent: number): string {
    const lines: string[] = []
    for (const word of text.split(' ')) {
      const last = lines.at(-1)
      if (last === undefined || indent + last.length + 1 + word.length > this.#width) lines.push(word)
      else lines[lines.length - 1] = `${last} ${word}`
    }
    return lines.join(`\n${' '.repeat(indent)}`)
  }

  #line(text: string): void {
    this.#output.write(`${text}\n`)
  }
}
