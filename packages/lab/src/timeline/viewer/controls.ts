/** Buttons, keys, wheel and drag: what a reader does becomes a few commands. */
import { GUTTER, scaleOf } from './layout.ts'
import { centred, moved, type View, whole, zoomed } from './view.ts'

/** What the controls need of the page. */
export interface Stage {
  readonly canvas: HTMLCanvasElement
  readonly overview: HTMLCanvasElement
  readonly lengthMs: number
  view(): View
  setView(view: View): void
  /** To the next violation or the one before it. */
  jump(direction: 1 | -1): void
  /** To the next visible mark, for use by keyboard. */
  step(direction: 1 | -1): void
  pointAt(event: MouseEvent | undefined): void
  choose(event: MouseEvent): void
}

const STEP_SHARE = 0.2
const ZOOM_STEP = 0.5
const WHEEL_ZOOM = 1.0015
const CLICK_PIXELS = 4

export function commandsOf(stage: Stage): ReadonlyMap<string, () => void> {
  const shown = (): number => stage.view().toMs - stage.view().fromMs
  const zoom = (factor: number) => () => {
    const view = stage.view()
    stage.setView(zoomed(view, factor, (view.fromMs + view.toMs) / 2, stage.lengthMs))
  }
  const move = (share: number) => () => stage.setView(moved(stage.view(), shown() * share, stage.lengthMs))
  const to = (ms: number) => () => stage.setView(centred(stage.view(), ms, stage.lengthMs))
  return new Map([
    ['left', move(-STEP_SHARE)],
    ['right', move(STEP_SHARE)],
    ['in', zoom(ZOOM_STEP)],
    ['out', zoom(1 / ZOOM_STEP)],
    ['whole', () => stage.setView(whole(stage.lengthMs))],
    ['start', to(0)],
    ['end', to(stage.lengthMs)],
    ['next-violation', () => stage.jump(1)],
    ['previous-violation', () => stage.jump(-1)],
    ['next-mark', () => stage.step(1)],
    ['previous-mark', () => stage.step(-1)],
  ])
}

const KEYS: ReadonlyMap<string, string> = new Map([
  ['ArrowLeft', 'left'],
  ['ArrowRight', 'right'],
  ['+', 'in'],
  ['=', 'in'],
  ['-', 'out'],
  ['0', 'whole'],
  ['Home', 'start'],
  ['End', 'end'],
  ['n', 'next-violation'],
  ['p', 'previous-violation'],
  ['.', 'next-mark'],
  [',', 'previous-mark'],
])

export function listen(stage: Stage): void {
  const commands = commandsOf(stage)
  for (const button of document.querySelectorAll<HTMLButtonElement>('[data-command]')) {
    button.addEventListener('click', () => commands.get(button.dataset['command'] ?? '')?.())
  }
  stage.canvas.addEventListener('keydown', (event) => {
    const command = event.ctrlKey || event.metaKey || event.altKey ? undefined : KEYS.get(event.key)
    if (command === undefined) return
    event.preventDefault()
    commands.get(command)?.()
  })
  stage.canvas.addEventListener('wheel', (event) => onWheel(stage, event), { passive: false })
  dragMain(stage)
  dragOverview(stage)
}

/** Sideways moves. Up and down zooms when the drawing has the focus or a key is held: else it is the page that scrolls. */
function onWheel(stage: Stage, event: WheelEvent): void {
  const view = stage.view()
  const perPixel = (view.toMs - view.fromMs) / (stage.canvas.clientWidth - GUTTER)
  if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
    event.preventDefault()
    const pixels = event.deltaX === 0 ? event.deltaY : event.deltaX
    stage.setView(moved(view, pixels * perPixel, stage.lengthMs))
  } else if (event.ctrlKey || event.metaKey || document.activeElement === stage.canvas) {
    event.preventDefault()
    const aroundMs = scaleOf(view, stage.canvas.clientWidth).ms(Math.max(event.offsetX, GUTTER))
    stage.setView(zoomed(view, WHEEL_ZOOM ** event.deltaY, aroundMs, stage.lengthMs))
  }
}

function dragMain(stage: Stage): void {
  const { canvas } = stage
  let from: { readonly x: number; readonly view: View } | undefined
  let isDragged = false
  canvas.addEventListener('pointerdown', (event) => {
    from = { x: event.offsetX, view: stage.view() }
    isDragged = false
    canvas.setPointerCapture(event.pointerId)
  })
  canvas.addEventListener('pointermove', (event) => {
    if (from === undefined) return stage.pointAt(event)
    const pixels = event.offsetX - from.x
    isDragged ||= Math.abs(pixels) > CLICK_PIXELS
    if (!isDragged) return
    const perPixel = (from.view.toMs - from.view.fromMs) / (canvas.clientWidth - GUTTER)
    stage.setView(moved(from.view, -pixels * perPixel, stage.lengthMs))
  })
  canvas.addEventListener('pointerup', (event) => {
    if (from !== undefined && !isDragged) stage.choose(event)
    from = undefined
  })
  canvas.addEventListener('pointercancel', () => (from = undefined))
  canvas.addEventListener('pointerleave', () => stage.pointAt(undefined))
}

/** The part that is shown goes to the pointer. */
function dragOverview(stage: Stage): void {
  const { overview } = stage
  const go = (event: PointerEvent): void => {
    const ms = scaleOf(whole(stage.lengthMs), overview.clientWidth).ms(event.offsetX)
    stage.setView(centred(stage.view(), ms, stage.lengthMs))
  }
  overview.addEventListener('pointerdown', (event) => {
    overview.setPointerCapture(event.pointerId)
    go(event)
  })
  overview.addEventListener('pointermove', (event) => {
    if (event.buttons !== 0) go(event)
  })
}
