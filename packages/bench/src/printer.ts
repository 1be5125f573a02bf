/** Figures as an aligned table for people. */
import { type Figure, isMet, type Range, type Suite, type Target } from './figure.ts'

const HEADINGS = ['', 'value', 'noise', 'target', ''] as const

export function tableOf({ name, about }: Pick<Suite, 'name' | 'about'>, figures: readonly Figure[]): string {
  const rows = [HEADINGS, ...figures.map(rowOf)]
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
  return `${name}: ${about}\n${lines.map((line) => `  ${line}`).join('\n')}\n`
}

function rowOf(figure: Figure): readonly string[] {
  const met = isMet(figure)
  const verdict = met === undefined ? '' : met ? 'met' : 'MISSED'
  return [
    figure.what,
    `${number(figure.value)} ${figure.unit}`,
    noiseText(figure.noise),
    targetText(figure.target),
    verdict,
  ]
}

export function noiseText(noise: Range | undefined): string {
  return noise === undefined ? '' : `${number(noise.low)} – ${number(noise.high)}`
}

export function targetText(target: Target | undefined): string {
  if (target === undefined) return ''
  return 'atMost' in target ? `≤ ${number(target.atMost)}` : `≥ ${number(target.atLeast)}`
}

/** Three digits that mean something. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return '–'
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US')
  return value.toLocaleString('en-US', { maximumSignificantDigits: 3 })
}
