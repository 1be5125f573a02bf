/** The whole run in one strip: how much was granted when, what was done, where something is wrong, and which part is shown. */
import { GUTTER, type Scale, scaleOf } from './layout.ts'
import type { Colours } from './pen.ts'
import type { DrawnLane, Thing } from './things.ts'
import { type View, whole } from './view.ts'

export const OVERVIEW_HEIGHT = 44
const BAR = 3

export interface Strip {
  readonly lanes: readonly DrawnLane[]
  readonly lengthMs: number
  readonly width: number
  readonly view: View
  readonly colours: Colours
  readonly isShown: (thing: Thing) => boolean
}

export function overviewScale(lengthMs: number, width: number): Scale {
  return scaleOf(whole(lengthMs), width)
}

/** How many begin in each of so many equal parts of the run. */
export function densities(things: Iterable<Thing>, lengthMs: number, parts: number): number[] {
  const counts = Array.from({ length: parts }, () => 0)
  for (const { fromMs } of things) {
    const part = Math.min(parts - 1, Math.max(0, Math.floor((fromMs / lengthMs) * parts)))
    counts[part] = (counts[part] ?? 0) + 1
  }
  return counts
}

export function paintOverview(context: CanvasRenderingContext2D, strip: Strip): void {
  const { lanes, lengthMs, width, view, colours, isShown } = strip
  const scale = overviewScale(lengthMs, width)
  context.clearRect(0, 0, width, OVERVIEW_HEIGHT)
  context.fillStyle = colours.odd
  context.fillRect(GUTTER, 0, width - GUTTER, OVERVIEW_HEIGHT)
  const shown = (pick: (lane: DrawnLane) => readonly Thing[]): Thing[] =>
    lanes.flatMap((lane) => pick(lane).filter(isShown))
  context.fillStyle = colours.hatch
  for (const { fromMs, toMs } of shown(({ pauses }) => pauses.items)) {
    context.fillRect(scale.x(fromMs), OVERVIEW_HEIGHT - 7, Math.max(1, scale.x(toMs) - scale.x(fromMs)), 5)
  }
  const grants = shown(({ spans }) => spans.items).filter(({ kind }) => kind === 'hold')
  const bars = densities(grants, lengthMs, Math.max(1, Math.floor((width - GUTTER) / BAR)))
  const most = bars.reduce((a, b) => Math.max(a, b), 1)
  context.fillStyle = colours.step
  bars.forEach((count, index) => {
    const height = (count / most) * (OVERVIEW_HEIGHT - 20)
    context.fillRect(GUTTER + index * BAR, OVERVIEW_HEIGHT - 9 - height, BAR - 0.5, height)
  })
  context.fillStyle = colours.bad
  for (const { kind, fromMs } of shown(({ marks }) => marks.items)) {
    if (kind === 'refused') context.fillRect(scale.x(fromMs) - 0.5, 6, 1, 4)
    if (kind === 'violation') context.fillRect(scale.x(fromMs) - 1, 0, 2, OVERVIEW_HEIGHT - 9)
  }
  paintWindow(context, scale, view, strip)
}

function paintWindow(context: CanvasRenderingContext2D, scale: Scale, view: View, { width, colours }: Strip): void {
  const [from, to] = [scale.x(view.fromMs), Math.max(scale.x(view.toMs), scale.x(view.fromMs) + 3)]
  context.fillStyle = colours.panel
  context.globalAlpha = 0.6
  context.fillRect(GUTTER, 0, from - GUTTER, OVERVIEW_HEIGHT)
  context.fillRect(to, 0, width - to, OVERVIEW_HEIGHT)
  context.globalAlpha = 1
  context.strokeStyle = colours.ink
  context.lineWidth = 1.5
  context.strokeRect(from, 0.75, to - from, OVERVIEW_HEIGHT - 1.5)
}
