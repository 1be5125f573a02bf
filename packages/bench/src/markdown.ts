/**
 * Figures as Markdown for a document. A figure is named `where: what`; those that tell the same of several places
 * become one table with a row for each place.
 */
import { type Figure, isMet, type Suite } from './figure.ts'
import { noiseText, number, targetText } from './printer.ts'

const SEPARATOR = ': '
/** Beyond these a table is told in parts. */
const COLUMNS_MAX = 6

export function markdownOf({ name, about }: Pick<Suite, 'name' | 'about'>, figures: readonly Figure[]): string {
  const rows = Map.groupBy(figures, whereOf)
  const tables = Map.groupBy(rows, ([, row]) => row.map(whatOf).join('|'))
  const texts = [...tables.values()].map((table) => {
    const [, first = []] = table[0] ?? []
    return table.length > 1 ? wide(first.map(whatOf), table) : table.map(([, row]) => long(row)).join('\n')
  })
  return `### ${name}\n\n${about}\n\n${texts.join('\n')}`
}

/** A row for each place, a column for each thing that is told of it. */
function wide(columns: readonly string[], rows: readonly (readonly [string, readonly Figure[]])[]): string {
  if (columns.length > COLUMNS_MAX) {
    const part = (from: number, to?: number): string =>
      wide(
        columns.slice(from, to),
        rows.map(([where, row]) => [where, row.slice(from, to)]),
      )
    return `${part(0, COLUMNS_MAX)}\n${part(COLUMNS_MAX)}`
  }
  const head = [line(['', ...columns]), line(['---', ...columns.map(() => '---')])]
  return [...head, ...rows.map(([where, row]) => line([where, ...row.map(cell)])), ''].join('\n')
}

/** A row for each figure. */
function long(figures: readonly Figure[]): string {
  const head = [line(['', 'value', 'noise', 'target']), line(['---', '---', '---', '---'])]
  const rows = figures.map((figure) => line([figure.what, valueText(figure), noiseText(figure.noise), verdict(figure)]))
  return [...head, ...rows, ''].join('\n')
}

function cell(figure: Figure): string {
  const noise = figure.noise === undefined ? '' : ` (${noiseText(figure.noise)})`
  const target = verdict(figure)
  return `${valueText(figure)}${noise}${target === '' ? '' : `, ${target}`}`
}

function valueText({ value, unit }: Figure): string {
  return `${number(value)} ${unit}`.trim()
}

function verdict(figure: Figure): string {
  const missed = isMet(figure) === false ? ' **missed**' : ''
  return `${targetText(figure.target)}${missed}`
}

function whereOf({ what }: Figure): string {
  const at = what.lastIndexOf(SEPARATOR)
  return at < 0 ? '' : what.slice(0, at)
}

function whatOf({ what }: Figure): string {
  const at = what.lastIndexOf(SEPARATOR)
  return at < 0 ? what : what.slice(at + SEPARATOR.length)
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}
