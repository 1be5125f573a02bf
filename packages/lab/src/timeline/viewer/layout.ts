/** Where things are: lanes below one another, time to the right, and what is under the pointer. */
import type { DrawnLane, Thing } from './things.ts'
import type { View } from './view.ts'

export const GUTTER = 132
export const AXIS = 24
export const THICK = 20
export const THIN = 6
export const MARKS = 20
const PADDING = 6
/** Marks are so wide, and so near is near enough for what is thin. */
export const MARK_WIDTH = 16
const NEAR = 3

export interface PlacedLane {
  readonly drawn: DrawnLane
  readonly top: number
  readonly height: number
  readonly thickTop: number
  readonly thinTop: number
  /** Undefined where the lane has no marks. */
  readonly marksTop: number | undefined
}

export interface Layout {
  readonly lanes: readonly PlacedLane[]
  readonly height: number
}

export function layoutOf(lanes: readonly DrawnLane[]): Layout {
  let top = AXIS
  const placed = lanes.map((drawn): PlacedLane => {
    const { thickRows, thinRows } = drawn.lane
    const hasMarks = drawn.marks.items.length > 0
    const marksTop = top + PADDING
    const thickTop = marksTop + (hasMarks ? MARKS : 0)
    const thinTop = thickTop + thickRows * THICK
    const height = Math.max(thinTop + thinRows * THIN + PADDING - top, THICK + PADDING * 2)
    const lane = { drawn, top, height, thickTop, thinTop, marksTop: hasMarks ? marksTop : undefined }
    top += height
    return lane
  })
  return { lanes: placed, height: top + 2 }
}

export interface Scale {
  readonly x: (ms: number) => number
  readonly ms: (x: number) => number
}

export function scaleOf(view: View, width: number): Scale {
  const perMs = (width - GUTTER) / (view.toMs - view.fromMs)
  return { x: (ms) => GUTTER + (ms - view.fromMs) * perMs, ms: (x) => view.fromMs + (x - GUTTER) / perMs }
}

/** The smallest thing at this place: marks lie above spans, spans above what is done to the lane. */
export function thingAt(
  layout: Layout,
  scale: Scale,
  { x, y }: { readonly x: number; readonly y: number },
  isShown: (thing: Thing) => boolean,
): Thing | undefined {
  const place = layout.lanes.find(({ top, height }) => y >= top && y < top + height)
  if (place === undefined || x < GUTTER) return undefined
  const { drawn, thickTop, thinTop, marksTop } = place
  const around = (near: number): readonly [number, number] => [scale.ms(x - near), scale.ms(x + near)]
  if (marksTop !== undefined && y < marksTop + MARKS) {
    const marks = [...drawn.marks.between(...around(MARK_WIDTH / 2))].filter(isShown)
    const nearest = marks.toSorted((a, b) => importance(b) - importance(a))[0]
    if (nearest !== undefined) return nearest
  }
  const isWait = y >= thinTop
  const row = Math.floor(isWait ? (y - thinTop) / THIN : (y - thickTop) / THICK)
  const spans = [...drawn.spans.between(...around(NEAR))].filter(
    (thing) => thing.row === row && (thing.kind === 'wait') === isWait && isShown(thing),
  )
  const smallest = spans.toSorted((a, b) => a.toMs - a.fromMs - (b.toMs - b.fromMs))[0]
  return smallest ?? [...drawn.pauses.between(...around(0))].filter(isShown)[0]
}

/** What a reader looks for is drawn last, and found first. */
export function importance({ kind }: Pick<Thing, 'kind'>): number {
  return ['event', 'accepted', 'fault', 'refused', 'violation'].indexOf(kind)
}
