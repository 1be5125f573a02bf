/** The page of a run: the answer, what it rests on, where it was broken, and the whole timeline in pieces to open. */
import type { Violation } from '../../judge/violation.ts'
import { properties, type Property } from '../../judge/violation.ts'
import { escapeText } from '../../timeline/escape.ts'
import type { HistoryEvent } from '../../timeline/history.ts'
import { hoverScript } from '../../timeline/hover.ts'
import type { Model } from '../../timeline/model.ts'
import { legend, pageStyle, POLICY } from '../../timeline/page.ts'
import { svgOf } from '../../timeline/svg.ts'
import { faultsOf } from '../faults/catalogue.ts'
import { lockName, type Settings } from '../settings.ts'
import type { LabVerdict } from '../verdict.ts'
import { drawingOf, slice } from './drawing.ts'
import { filterBar, filterScript, filterStyle } from './filter.ts'

export interface PageParts {
  readonly settings: Settings
  readonly verdict: LabVerdict
  readonly events: readonly HistoryEvent[]
  readonly command: string
}

/** In leases: some dozen grants in each lane. */
const PIECE_TTLS = 10
/** A browser draws about so many without effort. Pieces with violations come before others. */
const PIECES_MAX = 40
const VIOLATIONS_SHOWN = 100

export function pageOf(parts: PageParts): string {
  const { verdict, settings, events } = parts
  const excused = verdict.excused.flatMap(({ violations }) => violations)
  const model = drawingOf(events, [...verdict.violations, ...excused])
  const pieces = piecesOf(model, settings.ttlMs * PIECE_TTLS, verdict.violations)
  const title = `Fault lab: ${lockName(settings)} on ${settings.scheme}`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>${escapeText(title)}</title>
<style>${pageStyle}${filterStyle}</style>
</head>
<body>
<svg width="0" height="0" style="position:absolute;min-width:0;width:0" aria-hidden="true"><defs><pattern id="hatch" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="hatch-ground" width="8" height="8"/><line class="hatch-line" x1="0" x2="0" y1="0" y2="8"/></pattern></defs></svg>
<h1>${escapeText(title)}</h1>
<p class="verdict ${verdict.result === 'held' ? 'good' : 'bad'}">${escapeText(verdict.text)}</p>
<p class="soft">Repeat it with <code>${escapeText(parts.command)}</code></p>
${faultTable(parts)}
${promiseTable(verdict)}
${violationList(verdict.violations, events, pieces)}
${legend()}
${filterBar([...new Set(events.map(({ k }) => k).filter((k) => k !== ''))].toSorted())}
${pieces.map((piece) => pieceHtml(piece, model)).join('\n')}
<footer>${escapeText(footer(pieces, model, settings))}</footer>
<div id="tip" hidden></div>
<script>${hoverScript}${filterScript}</script>
</body>
</html>
`
}

interface Piece {
  readonly index: number
  readonly fromMs: number
  readonly toMs: number
  readonly violations: number
}

function piecesOf(model: Model, pieceMs: number, violations: readonly Violation[]): Piece[] {
  const all = Array.from({ length: Math.ceil(model.lengthMs / pieceMs) }, (_, index): Piece => {
    const [fromMs, toMs] = [index * pieceMs, Math.min((index + 1) * pieceMs, model.lengthMs)]
    const found = violations.filter(({ atNs }) => atNs / 1e6 >= fromMs && atNs / 1e6 < toMs)
    return { index, fromMs, toMs, violations: found.length }
  })
  const kept = all.toSorted((a, b) => Number(b.violations > 0) - Number(a.violations > 0) || a.index - b.index)
  return kept.slice(0, PIECES_MAX).toSorted((a, b) => a.index - b.index)
}

function pieceHtml({ index, fromMs, toMs, violations }: Piece, model: Model): string {
  const part = slice(model, fromMs, toMs)
  const spans = part.lanes.flatMap((lane) => lane.spans)
  const grants = spans.filter(({ kind, fromMs: startMs }) => kind === 'hold' && startMs > 0).length
  const refused = part.lanes.flatMap((lane) => lane.marks).filter(({ kind }) => kind === 'refused').length
  const faults = part.lanes.flatMap((lane) => lane.pauses).length
  const label = `${fromMs / 1000} s to ${(toMs / 1000).toFixed(1)} s: ${grants} grants, ${faults} faults, ${refused} refused, ${violations} violations`
  return `<details id="piece-${index}"${violations > 0 || index === 0 ? ' open' : ''}><summary>${escapeText(label)}</summary><div class="chart">${svgOf(part, label)}</div></details>`
}

function faultTable({ verdict, settings }: PageParts): string {
  const known = faultsOf(settings.scheme)?.faults
  const rows = verdict.faults.map(({ name, made, effective }) => {
    const fault = known?.get(name)
    return [name, fault?.what ?? '', fault?.rights ?? '', String(made), `${effective} (${fault?.counts ?? ''})`]
  })
  return table(['fault', 'what is done', 'rights needed', 'made', 'with effect'], rows)
}

function promiseTable({ violations, excused, notJudged }: LabVerdict): string {
  const rows = (Object.keys(properties) as Property[]).map((property) => {
    const excuse = excused.find((each) => each.excuse.property === property)
    const broken = violations.filter((violation) => violation.property === property).length
    const unseen = notJudged.find((text) => text.startsWith(`${property}:`))
    if (unseen !== undefined)
      return [property, properties[property], `not judged. ${unseen.slice(property.length + 2)}`]
    if (excuse === undefined)
      return [property, properties[property], broken === 0 ? 'no violation' : `broken ${broken} times`]
    return [
      property,
      properties[property],
      `broken ${excuse.violations.length} times, and may be: ${excuse.excuse.because}`,
    ]
  })
  return table(['', 'promise', 'found'], rows)
}

function violationList(
  violations: readonly Violation[],
  events: readonly HistoryEvent[],
  pieces: readonly Piece[],
): string {
  if (violations.length === 0) return ''
  const origin = BigInt(events[0]?.t ?? 0)
  const items = violations.slice(0, VIOLATIONS_SHOWN).map(({ property, p, k, atNs, text }) => {
    const piece = pieces.find(({ fromMs, toMs }) => atNs / 1e6 >= fromMs && atNs / 1e6 < toMs)
    const line = events.findIndex((event) => Number(BigInt(event.t) - origin) >= atNs) + FIRST_EVENT_LINE
    const place = `history.ndjson, line ${line}`
    const link = piece === undefined ? escapeText(place) : `<a href="#piece-${piece.index}">${escapeText(place)}</a>`
    return `<li class="bad"><time>${(atNs / 1e9).toFixed(3)} s</time><span><b>${property}</b> ${escapeText(`${p}, ${k}: ${text}`)} (${link})</span></li>`
  })
  const more = violations.length > VIOLATIONS_SHOWN ? `<p>… and ${violations.length - VIOLATIONS_SHOWN} more.</p>` : ''
  return `<h2>Where</h2><ol>${items.join('\n')}</ol>${more}`
}

/** The first line of a history is its header, and lines are counted from 1. */
const FIRST_EVENT_LINE = 2

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lined = (tag: string, cells: readonly string[]): string =>
    `<tr>${cells.map((cell) => `<${tag}>${escapeText(cell)}</${tag}>`).join('')}</tr>`
  return `<table>${lined('th', head)}${rows.map((row) => lined('td', row)).join('')}</table>`
}

function footer(pieces: readonly Piece[], model: Model, { ttlMs }: Settings): string {
  const all = Math.ceil(model.lengthMs / (ttlMs * PIECE_TTLS))
  const left =
    all > pieces.length ? ` ${all - pieces.length} of ${all} pieces are not drawn; history.ndjson has them.` : ''
  return `Made by holdfast lab from what the processes recorded (Node ${process.version}).${left}`
}
