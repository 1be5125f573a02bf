/** Paints what is in view, and nothing else: bars too narrow to be told apart become one. */
import { paintMarks } from './draw-marks.ts'
import { AXIS, GUTTER, type PlacedLane, type Scale, scaleOf, THICK, THIN } from './layout.ts'
import { type Box, CHARACTER, fit, halo, hatch, outline, type Picture } from './pen.ts'
import type { Thing } from './things.ts'
import { secondsText, ticksOf } from './view.ts'

const LABEL_MIN = 44
const TICK_WIDTH = 110
const FONT = '12px system-ui, "Segoe UI", "DejaVu Sans", sans-serif'

/** Answers how many things were painted. */
export function paint(context: CanvasRenderingContext2D, picture: Picture): number {
  const { layout, view, width, colours } = picture
  const scale = scaleOf(view, width)
  context.clearRect(0, 0, width, layout.height)
  context.font = FONT
  context.textBaseline = 'middle'
  layout.lanes.forEach(({ top, height }, index) => {
    if (index % 2 === 0) return
    context.fillStyle = colours.odd
    context.fillRect(0, top, width, height)
  })
  paintAxis(context, picture, scale)
  let painted = 0
  for (const place of layout.lanes) {
    context.save()
    context.beginPath()
    context.rect(GUTTER, place.top, width - GUTTER, place.height)
    context.clip()
    painted += paintPauses(context, place, picture, scale)
    painted += paintSpans(context, place, picture, scale)
    paintPauseNames(context, place, picture, scale)
    painted += paintMarks(context, place, picture, scale)
    context.restore()
    context.fillStyle = colours.ink
    context.fillText(
      fit(place.drawn.lane.name, GUTTER - 22),
      12,
      place.top + Math.min(place.height / 2, 24),
      GUTTER - 18,
    )
  }
  if (picture.cursorMs !== undefined) {
    context.fillStyle = colours.ink
    context.fillRect(Math.round(scale.x(picture.cursorMs)), AXIS - 4, 1, layout.height - AXIS + 4)
  }
  return painted
}

function paintAxis(context: CanvasRenderingContext2D, picture: Picture, scale: Scale): void {
  const { view, width, colours, layout } = picture
  const { stepMs, atMs } = ticksOf(view, Math.max(2, (width - GUTTER) / TICK_WIDTH))
  context.textAlign = 'center'
  for (const ms of atMs) {
    const x = Math.round(scale.x(ms)) + 0.5
    context.fillStyle = colours.line
    context.fillRect(x, AXIS - 4, 1, layout.height - AXIS + 4)
    context.fillStyle = colours.soft
    context.fillText(secondsText(ms, stepMs), Math.min(Math.max(x, GUTTER + 20), width - 24), AXIS / 2)
  }
  context.textAlign = 'left'
}

function paintPauses(context: CanvasRenderingContext2D, place: PlacedLane, picture: Picture, scale: Scale): number {
  const { view, colours, isShown } = picture
  let painted = 0
  for (const thing of place.drawn.pauses.between(view.fromMs, view.toMs)) {
    if (!isShown(thing)) continue
    const x = Math.max(scale.x(thing.fromMs), GUTTER - 2)
    const width = Math.max(scale.x(thing.toMs) - x, 1.5)
    context.fillStyle = colours.shade
    context.fillRect(x, place.top + 1, width, place.height - 2)
    context.fillStyle = colours.hatch
    context.fillRect(x, place.top + 1, width, 2)
    if (width > 8) hatch(context, { x, y: place.top + 3, width, height: place.height - 4 }, colours.hatch)
    outline(context, picture, thing, { x, y: place.top + 1, width, height: place.height - 2 })
    painted += 1
  }
  return painted
}

/** Over everything else in the lane: the waits of a stopped process run right through the shade. */
function paintPauseNames(context: CanvasRenderingContext2D, place: PlacedLane, picture: Picture, scale: Scale): void {
  const { view, colours, isShown } = picture
  let free = GUTTER
  for (const thing of place.drawn.pauses.between(view.fromMs, view.toMs)) {
    const x = Math.max(scale.x(thing.fromMs), GUTTER)
    const width = scale.x(thing.toMs) - x
    const what = thing.text.slice(thing.lane.length + 2)
    if (x < free || width < what.length * CHARACTER + 8 || !isShown(thing)) continue
    halo(context, what, x + 5, place.top + place.height - 9, colours.ink, colours.panel)
    free = x + width
  }
}

function paintSpans(context: CanvasRenderingContext2D, place: PlacedLane, picture: Picture, scale: Scale): number {
  const { view, colours, isShown } = picture
  const edges = new Map<string, number>()
  let painted = 0
  for (const thing of place.drawn.spans.between(view.fromMs, view.toMs)) {
    if (!isShown(thing)) continue
    const from = Math.max(scale.x(thing.fromMs), GUTTER - 4)
    const to = Math.max(scale.x(thing.toMs), from + 1)
    const edge = `${thing.kind} ${thing.row}`
    // Nothing of it would be seen beside what was painted there.
    if (to < (edges.get(edge) ?? 0) + 0.5 && thing !== picture.selected) continue
    edges.set(edge, to)
    const box = boxOf(thing, place, from, to)
    paintSpan(context, thing, box, picture)
    outline(context, picture, thing, box)
    painted += 1
  }
  context.globalAlpha = 1
  context.fillStyle = colours.ink
  return painted
}

function boxOf({ kind, row, token }: Thing, place: PlacedLane, x: number, to: number): Box {
  const width = to - x
  if (kind === 'wait') return { x, y: place.thinTop + row * THIN + 1, width, height: THIN - 2 }
  const y = place.thickTop + row * THICK
  if (kind !== 'step') return { x, y: y + 1, width, height: THICK - 3 }
  return token === -1 ? { x, y: y + 4, width, height: THICK - 9 } : { x, y: y + THICK - 7, width, height: 3 }
}

function paintSpan(context: CanvasRenderingContext2D, thing: Thing, box: Box, picture: Picture): void {
  const { colours, locks, tokens } = picture
  const colour =
    thing.token === -1 ? colours.step : (colours.tokens[thing.token % colours.tokens.length] ?? colours.step)
  if (thing.kind === 'overtime') {
    context.globalAlpha = 0.18
    context.fillStyle = colour
    context.fillRect(box.x, box.y, box.width, box.height)
    context.globalAlpha = 1
    context.strokeStyle = colour
    context.lineWidth = 1.5
    context.setLineDash([4, 3])
    context.strokeRect(box.x + 0.75, box.y + 0.75, Math.max(box.width - 1.5, 0.5), box.height - 1.5)
    context.setLineDash([])
    return
  }
  const fills = { hold: colour, wait: colours.idle, step: thing.token === -1 ? colours.step : colours.on } as const
  context.fillStyle = fills[thing.kind as keyof typeof fills]
  context.globalAlpha = thing.kind === 'step' && thing.token !== -1 ? 0.75 : 1
  context.fillRect(box.x, box.y, Math.max(box.width - (box.width > 3 ? 1 : 0), 1), box.height)
  context.globalAlpha = 1
  if (thing.kind !== 'hold' || box.width < LABEL_MIN) return
  context.fillStyle = colours.on
  const left = Math.max(box.x, GUTTER)
  const label = `${locks[thing.lock] ?? ''} ${tokens[thing.token] ?? ''}`
  context.fillText(fit(label, box.x + box.width - left - 8), left + 5, box.y + box.height / 2 - 1)
}
