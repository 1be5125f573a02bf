/** Draws one model as one SVG: time to the right, a lane for each process, the resources at the bottom. */
import { escapeText } from './escape.ts'
import { marksSvg } from './marks.ts'
import type { Lane, Model, Pause, Span } from './model.ts'
import { HEIGHT_HEAD, PLOT_WIDTH, PLOT_X, THICK, THIN, TOTAL_WIDTH, TOKEN_COLOURS, type Scale } from './scale.ts'

const LANE_PADDING = 7
/** Narrower bars carry no text. */
const LABEL_WIDTH_MIN = 64
const TICKS_MAX = 12

interface PlacedLane {
  readonly lane: Lane
  readonly top: number
  readonly height: number
}

/** `label` is what a screen reader says. */
export function svgOf(model: Model, label: string): string {
  const lanes = placeLanes(model.lanes)
  const bottom = (lanes.at(-1)?.top ?? HEIGHT_HEAD) + (lanes.at(-1)?.height ?? 0)
  const places = new Map(model.tokens.map((token, index) => [token, index]))
  const scale: Scale = {
    x: (ms) => PLOT_X + (model.lengthMs === 0 ? 0 : (ms / model.lengthMs) * PLOT_WIDTH),
    colour: (token) => (token === undefined ? 'none' : `t${(places.get(token) ?? 0) % TOKEN_COLOURS}`),
  }
  return [
    `<svg viewBox="0 0 ${TOTAL_WIDTH} ${bottom + 8}" role="img" aria-label="${escapeText(label)}">`,
    ...axis(model, bottom, scale),
    ...lanes.map((placed, index) => laneSvg(placed, index, scale)),
    '</svg>',
  ].join('\n')
}

function placeLanes(lanes: readonly Lane[]): PlacedLane[] {
  let top = HEIGHT_HEAD
  return lanes.map((lane) => {
    const height = LANE_PADDING * 2 + lane.thickRows * THICK + lane.thinRows * THIN
    const placed = { lane, top, height }
    top += height
    return placed
  })
}

function laneSvg({ lane, top, height }: PlacedLane, index: number, scale: Scale): string {
  const thickTop = top + LANE_PADDING
  const thinTop = thickTop + lane.thickRows * THICK
  return [
    `<g class="lane${index % 2 === 0 ? '' : ' odd'}"><rect class="ground" x="0" y="${top}" width="${TOTAL_WIDTH}" height="${height}"/>`,
    `<text class="name" x="12" y="${thickTop + THICK / 2 + 4}">${escapeText(lane.name)}</text>`,
    ...lane.pauses.map((pause) => pauseSvg(pause, top, height, scale)),
    ...lane.spans.map((span) => (span.kind === 'wait' ? waitSvg(span, thinTop, scale) : barSvg(span, thickTop, scale))),
    ...lane.pauses.map((pause) => pauseLabel(pause, top + height, scale)),
    ...marksSvg(lane.marks, thickTop, scale),
    '</g>',
  ].join('\n')
}

function barSvg(span: Span, thickTop: number, scale: Scale): string {
  const x = scale.x(span.fromMs)
  const width = Math.max(scale.x(span.toMs) - x, 1.5)
  const y = thickTop + span.row * THICK
  const inset = span.kind === 'step' && span.token !== undefined
  const box = inset
    ? rect(x, y + THICK - 8, width, 4)
    : rect(x, y + 1, width, span.kind === 'step' ? THICK - 8 : THICK - 3)
  const text =
    (span.kind === 'hold' || (span.kind === 'step' && !inset)) && width >= LABEL_WIDTH_MIN
      ? `<text class="on" x="${round(x + 6)}" y="${y + 12}">${escapeText(fit(span.label, width - 10))}</text>`
      : ''
  return `<g class="${span.kind}${inset ? ' inset' : ''} ${scale.colour(span.token)}" ${tip(span.detail, span.token, span.k)}>${box}${text}</g>`
}

function waitSvg(span: Span, thinTop: number, scale: Scale): string {
  const x = scale.x(span.fromMs)
  const y = thinTop + span.row * THIN
  return `<g class="wait" ${tip(span.detail, span.token, span.k)}>${rect(x, y, Math.max(scale.x(span.toMs) - x, 1), THIN - 1.5)}</g>`
}

function pauseSvg(pause: Pause, top: number, height: number, scale: Scale): string {
  const x = scale.x(pause.fromMs)
  const seconds = ((pause.toMs - pause.fromMs) / 1000).toFixed(2)
  const shade = rect(x, top + 1, scale.x(pause.toMs) - x, height - 2)
  return `<g class="pause" ${tip(`${pause.what} for ${seconds} s`, undefined)}>${shade}</g>`
}

/** Over everything else in the lane: the waits of a stopped process run right through the shade. */
function pauseLabel(pause: Pause, bottom: number, scale: Scale): string {
  const seconds = ((pause.toMs - pause.fromMs) / 1000).toFixed(2)
  return `<text class="pausename" x="${round(scale.x(pause.fromMs) + 6)}" y="${bottom - 9}">${pause.what} for ${seconds} s</text>`
}

function axis({ lengthMs }: Model, bottom: number, scale: Scale): string[] {
  const stepMs =
    [10, 20, 50, 100, 200, 250, 500, 1000, 2000, 5000].find((step) => lengthMs / step <= TICKS_MAX) ?? 10_000
  const ticks = Array.from(
    { length: Math.min(TICKS_MAX, Math.floor(lengthMs / stepMs)) + 1 },
    (_, index) => index * stepMs,
  )
  return ticks.map((ms) => {
    const x = round(scale.x(ms))
    const text = `<text class="tick" x="${x}" y="${HEIGHT_HEAD - 8}">${ms / 1000} s</text>`
    return `<line class="grid" x1="${x}" x2="${x}" y1="${HEIGHT_HEAD - 3}" y2="${bottom}"/>${text}`
  })
}

function rect(x: number, y: number, width: number, height: number): string {
  return `<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" rx="2"/>`
}

function tip(detail: string, token: string | undefined, k?: string): string {
  const name = k === undefined ? '' : ` data-k="${escapeText(k)}"`
  return `data-tip="${escapeText(detail)}"${name}${token === undefined ? '' : ` data-token="${escapeText(token)}"`}`
}

/** About 6.4 units a character at this size: a label never runs out of its bar. */
function fit(text: string, width: number): string {
  const characters = Math.floor(width / 6.4)
  return text.length <= characters ? text : `${text.slice(0, Math.max(1, characters - 1))}…`
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
