/** What the parts of the drawing share: the picture, its colours, and a few strokes. */
import type { Layout } from './layout.ts'
import type { Thing } from './things.ts'
import type { View } from './view.ts'

export interface Colours {
  readonly ink: string
  readonly soft: string
  readonly line: string
  readonly panel: string
  readonly odd: string
  readonly bad: string
  readonly good: string
  readonly shade: string
  readonly hatch: string
  readonly idle: string
  readonly step: string
  readonly on: string
  readonly tokens: readonly string[]
}

export interface Picture {
  readonly layout: Layout
  readonly view: View
  readonly width: number
  readonly colours: Colours
  readonly locks: readonly string[]
  readonly tokens: readonly string[]
  readonly selected: Thing | undefined
  /** A moment without a thing of its own. */
  readonly cursorMs: number | undefined
  readonly isShown: (thing: Thing) => boolean
}

/** About so wide is a character of the labels. */
export const CHARACTER = 6.6

export interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export function hatch(context: CanvasRenderingContext2D, { x, y, width, height }: Box, colour: string): void {
  context.save()
  context.beginPath()
  context.rect(x, y, width, height)
  context.clip()
  context.strokeStyle = colour
  context.lineWidth = 1
  context.globalAlpha = 0.5
  context.beginPath()
  // On a grid of the whole picture, so that neighbours fit together.
  for (let at = Math.floor((x - height) / 9) * 9; at < Math.min(x + width, 8000); at += 9) {
    context.moveTo(at, y + height)
    context.lineTo(at + height, y)
  }
  context.stroke()
  context.restore()
}

export function outline(
  context: CanvasRenderingContext2D,
  { selected, colours }: Picture,
  thing: Thing,
  box: Box,
): void {
  if (thing !== selected) return
  context.strokeStyle = colours.ink
  context.lineWidth = 2
  context.strokeRect(box.x - 1, box.y - 1, box.width + 2, box.height + 2)
}

export function halo(
  context: CanvasRenderingContext2D,
  text: string,
  x: number,
  y: number,
  colour: string,
  ground: string,
): void {
  context.lineWidth = 4
  context.lineJoin = 'round'
  context.strokeStyle = ground
  context.strokeText(text, x, y)
  context.fillStyle = colour
  context.fillText(text, x, y)
}

export function fit(text: string, width: number): string {
  const characters = Math.floor(width / CHARACTER)
  if (text.length <= characters) return text
  return characters < 3 ? '' : `${text.slice(0, characters - 1)}…`
}
