/** The table of claims in the picture of `holdfast watch`: its columns, and which of them give way on a narrow terminal. */
import type { ClaimView, LineView } from 'holdfast'
import stringWidth from 'string-width'
import { endOf, kindOf } from './line-view.ts'
import { fitted } from './text.ts'

export type Tone = 'title' | 'head' | 'fresh' | 'lost' | 'quiet' | 'trouble' | 'selected' | 'plain'

export interface FrameLine {
  readonly text: string
  readonly tone: Tone
}

export interface Row {
  readonly cells: readonly string[]
  readonly tone: Tone
}

const HEAD = ['', 'STATE', 'KIND', 'TOKEN', 'FOR', 'ENDS IN', 'OWNER', 'NOTE'] as const
/** What grows while one looks has its place from the start, so that the columns stand still. */
const WIDTHS_LEAST = [0, 9, 5, 16, 7, 7, 0, 0] as const
/** Which columns give way when the terminal is narrow, in this order, and how far. */
const GIVING_WAY = [
  { column: 7, least: 4 },
  { column: 6, least: 8 },
  { column: 0, least: 12 },
] as const
const GAP = 2

/** What is shown of a claim beside what it says of itself. */
export interface ClaimLabels {
  /** The first column. */
  readonly label: string
  readonly state: string
  /** How long it has been in its state. */
  readonly age: string
}

export function cellsOf(claim: ClaimView, line: LineView, { label, state, age }: ClaimLabels): readonly string[] {
  const token = claim.token === undefined ? '' : String(claim.token)
  return [label, state, kindOf(claim, line), token, age, endOf(claim), claim.owner, claim.note]
}

/** A row with fewer cells than the table has columns ends in a text that may be as long as it is. */
export function tableLines(first: string, rows: readonly Row[], columns: number): readonly FrameLine[] {
  const head = [first, ...HEAD.slice(1)]
  const full = rows.filter(({ cells }) => cells.length === HEAD.length)
  const widths = head.map((title, column) =>
    Math.max(title.length, WIDTHS_LEAST[column] ?? 0, ...full.map(({ cells }) => stringWidth(cells[column] ?? ''))),
  )
  let excess = widths.reduce((sum, width) => sum + width + GAP, -GAP) - columns
  for (const { column, least } of GIVING_WAY) {
    const given = Math.max(0, Math.min(excess, (widths[column] ?? 0) - least))
    widths[column] = (widths[column] ?? 0) - given
    excess -= given
  }
  const textOf = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (cells.length < HEAD.length && column > 0 ? cell : fitted(cell, widths[column] ?? 0)))
      .join(' '.repeat(GAP))
      .trimEnd()
  return [
    { text: textOf(head), tone: 'head' },
    ...rows.map(({ cells, tone }): FrameLine => ({ text: textOf(cells), tone })),
  ]
}
