/** Draws the moments: what the resource accepted, what it refused, what a judge calls a violation. Shapes differ, not only colours. */
import { escapeText } from './escape.ts'
import type { Mark, MarkKind } from './model.ts'
import { THICK, TOTAL_WIDTH, type Scale } from './scale.ts'

const shapes: Readonly<Record<MarkKind, (x: number, y: number) => string>> = {
  accepted: (x, y) => `<circle cx="${x}" cy="${y}" r="6"/>`,
  refused: (x, y) => `<circle class="disc" cx="${x}" cy="${y}" r="8"/><path d="M${x - 3.5} ${y - 3.5}l7 7m0-7l-7 7"/>`,
  violation: (x, y) => `<path class="sign" d="M${x} ${y - 9}l9.5 16.5h-19z"/><path d="M${x} ${y - 3.5}v5.5m0 2.6v.4"/>`,
  event: (x, y) => `<path d="M${x} ${y - 6}l6 6l-6 6l-6-6z"/>`,
  fault: (x, y) => `<path d="M${x + 1} ${y - 8}l-5 9h4l-2 7l6-10h-4z"/>`,
}

/** Only the marks a reader looks for carry their text in the drawing; the others tell it on hover. */
const LABELLED = new Set<MarkKind>(['refused', 'violation'])
/** More of them in one lane would write over one another. */
const LABELS_MAX = 3
const LABEL_SPACE = 230

export function marksSvg(marks: readonly Mark[], thickTop: number, scale: Scale): string[] {
  const labelled = marks.filter((mark) => LABELLED.has(mark.kind))
  return marks.map((mark) => markSvg(mark, thickTop, scale, labelled.length <= LABELS_MAX && labelled.includes(mark)))
}

function markSvg(mark: Mark, thickTop: number, scale: Scale, labelled: boolean): string {
  const x = Math.round(scale.x(mark.atMs) * 10) / 10
  const y = thickTop + mark.row * THICK + THICK / 2
  const token = mark.token === undefined ? '' : ` data-token="${escapeText(mark.token)}"`
  const left = x > TOTAL_WIDTH - LABEL_SPACE
  const place = left ? `x="${x - 14}" text-anchor="end"` : `x="${x + 14}"`
  const label = labelled ? `<text ${place} y="${y + 4}">${escapeText(mark.label)}</text>` : ''
  const shape = shapes[mark.kind](x, y)
  return `<g class="mark ${mark.kind} ${scale.colour(mark.token)}" data-tip="${escapeText(mark.detail)}"${token}>${shape}${label}</g>`
}
