/** Paints the moments of a lane: what is near one another becomes one mark with a number. */
import { importance, MARKS, MARK_WIDTH, type PlacedLane, type Scale } from './layout.ts'
import { type Colours, halo, outline, type Picture } from './pen.ts'
import type { Thing } from './things.ts'
import { clustered } from './visible.ts'

export function paintMarks(
  context: CanvasRenderingContext2D,
  place: PlacedLane,
  picture: Picture,
  scale: Scale,
): number {
  const { view, isShown } = picture
  if (place.marksTop === undefined) return 0
  const apartMs = scale.ms(MARK_WIDTH) - scale.ms(0)
  const shown = [...place.drawn.marks.between(view.fromMs - apartMs, view.toMs + apartMs)].filter(isShown)
  const kinds = [...Map.groupBy(shown, ({ kind }) => kind).values()].toSorted(
    ([a], [b]) => (a === undefined ? 0 : importance(a)) - (b === undefined ? 0 : importance(b)),
  )
  const y = place.marksTop + MARKS / 2
  let painted = 0
  for (const marks of kinds) {
    for (const { first, count, toMs } of clustered(marks, apartMs)) {
      const x = (scale.x(first.fromMs) + scale.x(toMs)) / 2
      paintMark(context, { x, y }, first, picture.colours)
      if (count > 1 && first.kind !== 'accepted') {
        halo(context, String(count), x + 10, y, picture.colours.bad, picture.colours.panel)
      }
      outline(context, picture, first, { x: x - 9, y: y - 9, width: 18, height: 18 })
      painted += 1
    }
  }
  return painted
}

/** Shapes differ, not only colours. */
function paintMark(
  context: CanvasRenderingContext2D,
  { x, y }: { x: number; y: number },
  { kind }: Thing,
  colours: Colours,
): void {
  context.beginPath()
  if (kind === 'violation') {
    context.fillStyle = colours.bad
    shape(context, x, y, [
      [0, -8],
      [9, 7],
      [-9, 7],
    ])
    context.fill()
    context.fillStyle = colours.panel
    context.fillRect(x - 1, y - 3, 2, 5.5)
    context.fillRect(x - 1, y + 3.6, 2, 2)
  } else if (kind === 'refused') {
    context.fillStyle = colours.panel
    context.strokeStyle = colours.bad
    context.lineWidth = 2
    context.arc(x, y, 7, 0, Math.PI * 2)
    context.fill()
    context.moveTo(x - 3, y - 3)
    context.lineTo(x + 3, y + 3)
    context.moveTo(x + 3, y - 3)
    context.lineTo(x - 3, y + 3)
    context.stroke()
  } else if (kind === 'accepted') {
    context.fillStyle = colours.good
    context.arc(x, y, 3, 0, Math.PI * 2)
    context.fill()
  } else if (kind === 'fault') {
    context.fillStyle = colours.ink
    shape(context, x, y, [
      [1, -8],
      [-5, 1],
      [-1, 1],
      [-3, 8],
      [4, -2],
      [0, -2],
    ])
    context.fill()
  } else {
    context.fillStyle = colours.soft
    shape(context, x, y, [
      [0, -6],
      [6, 0],
      [0, 6],
      [-6, 0],
    ])
    context.fill()
  }
}

function shape(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  corners: readonly (readonly [number, number])[],
): void {
  corners.forEach(([dx, dy], index) => (index === 0 ? context.moveTo(x + dx, y + dy) : context.lineTo(x + dx, y + dy)))
  context.closePath()
}
