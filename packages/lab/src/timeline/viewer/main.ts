/// <reference lib="dom" />
/** Brings the page to life: unpacks what it carries, draws what is in view, and answers the reader. */
import { type Stage, listen } from './controls.ts'
import { paint } from './draw.ts'
import { HistoryPanel } from './history-panel.ts'
import { GUTTER, type Layout, layoutOf, scaleOf, thingAt } from './layout.ts'
import { OVERVIEW_HEIGHT, paintOverview } from './overview.ts'
import type { Colours } from './pen.ts'
import type { Sheet } from './sheet.ts'
import { type DrawnLane, type Filter, type Group, isShown, lanesOfSheet, type Thing } from './things.ts'
import { between, centred, secondsText, type View, whole } from './view.ts'
import { neighbour } from './visible.ts'

/** Around what was jumped to, when more was shown before. */
const JUMP = { shareOfRun: 0.1, mostMs: 2_000 }

class Viewer implements Stage {
  readonly canvas = element('timeline', HTMLCanvasElement)
  readonly overview = element('overview', HTMLCanvasElement)
  readonly lengthMs: number
  readonly #sheet: Sheet
  readonly #lanes: readonly DrawnLane[]
  readonly #history: HistoryPanel | undefined
  readonly #originNs: bigint | undefined
  #filter: Filter = { lock: undefined, lane: undefined, token: '', hidden: new Set() }
  #layout: Layout
  #view: View
  #selected: Thing | undefined
  #cursorMs: number | undefined
  #colours: Colours = coloursOf()
  #isDrawing = false

  constructor(sheet: Sheet, history: HistoryPanel | undefined) {
    this.#sheet = sheet
    this.#history = history
    this.lengthMs = sheet.lengthMs
    this.#lanes = lanesOfSheet(sheet)
    this.#layout = layoutOf(this.#lanes)
    this.#view = whole(sheet.lengthMs)
    // The line under the header.
    this.#originNs = history?.timeOf(2)
  }

  start(): void {
    listen(this)
    this.#listenToFilter()
    new ResizeObserver(() => this.draw()).observe(this.canvas)
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      this.#colours = coloursOf()
      this.draw()
    })
    addEventListener('hashchange', () => this.#goToHash())
    this.#goToHash()
    this.#tellViolations()
    this.draw()
  }

  view(): View {
    return this.#view
  }

  setView(view: View): void {
    this.#view = view
    this.draw()
  }

  jump(direction: 1 | -1): void {
    const violations = this.#marks().filter(({ kind }) => kind === 'violation')
    const here = this.#selected?.kind === 'violation' ? this.#selected.fromMs : this.#view.fromMs
    const next = neighbour(violations, here, direction)
    if (next !== undefined) this.#goTo(next)
    this.#tellViolations()
  }

  step(direction: 1 | -1): void {
    const marks = this.#marks().filter(({ kind }) => kind !== 'accepted')
    const next = neighbour(marks, this.#selected?.fromMs ?? this.#view.fromMs, direction)
    if (next !== undefined) this.#goTo(next)
  }

  pointAt(event: MouseEvent | undefined): void {
    const tip = element('tip', HTMLElement)
    const thing = event === undefined ? undefined : this.#under(event)
    this.canvas.style.cursor = thing === undefined ? 'grab' : 'pointer'
    tip.hidden = thing === undefined || event === undefined
    if (thing === undefined || event === undefined) return
    tip.textContent = thing.text
    tip.style.left = `${Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8)}px`
    tip.style.top = `${Math.min(event.clientY + 16, innerHeight - tip.offsetHeight - 8)}px`
  }

  choose(event: MouseEvent): void {
    this.#select(this.#under(event))
  }

  /** At most once a frame. */
  draw(): void {
    if (this.#isDrawing) return
    this.#isDrawing = true
    requestAnimationFrame(() => {
      this.#isDrawing = false
      this.#drawNow()
    })
  }

  #drawNow(): void {
    const { locks, tokens } = this.#sheet
    const common = { view: this.#view, colours: this.#colours, isShown: this.#isShown }
    const width = this.canvas.clientWidth
    const startedMs = performance.now()
    const picture = {
      ...common,
      layout: this.#layout,
      width,
      locks,
      tokens,
      selected: this.#selected,
      cursorMs: this.#cursorMs,
    }
    const painted = paint(sized(this.canvas, this.#layout.height), picture)
    this.canvas.dataset['painted'] = String(painted)
    this.canvas.dataset['paintedInMs'] = (performance.now() - startedMs).toFixed(1)
    const strip = { ...common, lanes: this.#lanes, lengthMs: this.lengthMs, width: this.overview.clientWidth }
    paintOverview(sized(this.overview, OVERVIEW_HEIGHT), strip)
    const stepMs = (this.#view.toMs - this.#view.fromMs) / 1000
    element('shown', HTMLElement).textContent =
      `${secondsText(this.#view.fromMs, stepMs)} to ${secondsText(this.#view.toMs, stepMs)}`
  }

  readonly #isShown = (thing: Thing): boolean => isShown(thing, this.#filter, this.#sheet.tokens)

  #marks(): Thing[] {
    const marks = this.#layout.lanes.flatMap(({ drawn }) => drawn.marks.items.filter(this.#isShown))
    return marks.toSorted((a, b) => a.fromMs - b.fromMs)
  }

  #under(event: MouseEvent): Thing | undefined {
    const scale = scaleOf(this.#view, this.canvas.clientWidth)
    return thingAt(this.#layout, scale, { x: event.offsetX, y: event.offsetY }, this.#isShown)
  }

  #goTo(thing: Thing): void {
    this.#moveTo(thing.fromMs)
    this.#select(thing)
  }

  /** Never shows more than before. */
  #moveTo(atMs: number): void {
    const halfMs = Math.min(JUMP.mostMs, this.lengthMs * JUMP.shareOfRun) / 2
    const isNear = this.#view.toMs - this.#view.fromMs <= halfMs * 2
    this.setView(
      isNear ? centred(this.#view, atMs, this.lengthMs) : between(atMs - halfMs, atMs + halfMs, this.lengthMs),
    )
  }

  #select(thing: Thing | undefined): void {
    this.#selected = thing
    this.#cursorMs = undefined
    const told = element('told', HTMLElement)
    told.textContent = thing === undefined ? '' : `${secondsText(thing.fromMs, 1)}  ${thing.text}`
    if (thing !== undefined && thing.line > 0) {
      const link = document.createElement('a')
      link.href = `#L${thing.line}`
      link.textContent = `history.ndjson, line ${thing.line}`
      told.append(' · ', link)
      this.#history?.show(thing.line)
    }
    const token = this.#sheet.tokens[thing?.token ?? -1]
    if (token !== undefined) told.append(' · ', this.#onlyToken(token))
    this.draw()
  }

  #onlyToken(token: string): HTMLElement {
    const button = document.createElement('button')
    button.type = 'button'
    button.textContent = 'only this token'
    button.addEventListener('click', () => {
      element('only-token', HTMLInputElement).value = token
      this.#readFilter()
    })
    return button
  }

  /** A link to a line of the history shows the line, and the moment it tells of. */
  #goToHash(): void {
    const line = Number(/^#L(\d+)$/.exec(location.hash)?.[1] ?? 0)
    if (line === 0 || this.#history?.show(line) !== true) return
    const time = this.#history.timeOf(line)
    if (time === undefined || this.#originNs === undefined) return
    const atMs = Number(time - this.#originNs) / 1e6
    const mark = this.#marks().find((thing) => thing.line === line)
    if (mark !== undefined) return this.#goTo(mark)
    this.#select(undefined)
    this.#cursorMs = atMs
    element('told', HTMLElement).textContent = `${secondsText(atMs, 1)}  history.ndjson, line ${line}`
    this.#moveTo(atMs)
  }

  #listenToFilter(): void {
    fill('only-lock', this.#sheet.locks)
    fill(
      'only-lane',
      this.#sheet.lanes.map(({ name }) => name),
    )
    element('filter', HTMLElement).addEventListener('input', () => this.#readFilter())
  }

  #readFilter(): void {
    const lock = element('only-lock', HTMLSelectElement).value
    const lane = element('only-lane', HTMLSelectElement).value || undefined
    const boxes = [...document.querySelectorAll<HTMLInputElement>('[data-group]')]
    const hidden = boxes.filter(({ checked }) => !checked).map(({ dataset }) => dataset['group'] as Group)
    this.#filter = {
      lock: lock === '' ? undefined : this.#sheet.locks.indexOf(lock),
      lane,
      token: element('only-token', HTMLInputElement).value.trim(),
      hidden: new Set(hidden),
    }
    this.#layout = layoutOf(this.#lanes.filter((each) => lane === undefined || each.lane.name === lane))
    this.#tellViolations()
    this.draw()
  }

  #tellViolations(): void {
    const violations = this.#marks().filter(({ kind }) => kind === 'violation')
    const place = this.#selected === undefined ? -1 : violations.indexOf(this.#selected)
    const count = `${violations.length} violation${violations.length === 1 ? '' : 's'}`
    element('violations', HTMLElement).textContent = place === -1 ? count : `${place + 1} of ${count}`
    for (const button of document.querySelectorAll<HTMLButtonElement>('[data-command$="violation"]')) {
      button.disabled = violations.length === 0
    }
  }
}

function element<T extends HTMLElement>(id: string, kind: abstract new () => T): T {
  const found = document.getElementById(id)
  if (found instanceof kind) return found
  throw new Error(`the page has no ${id}`)
}

function fill(id: string, names: readonly string[]): void {
  element(id, HTMLSelectElement).append(...names.map((name) => new Option(name, name)))
}

/** As sharp as the screen. */
function sized(canvas: HTMLCanvasElement, height: number): CanvasRenderingContext2D {
  const context = canvas.getContext('2d')
  if (context === null) throw new Error('this browser draws nothing')
  const width = Math.max(canvas.clientWidth, GUTTER * 2)
  canvas.style.height = `${height}px`
  canvas.width = Math.round(width * devicePixelRatio)
  canvas.height = Math.round(height * devicePixelRatio)
  context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0)
  return context
}

function coloursOf(): Colours {
  const style = getComputedStyle(document.documentElement)
  const of = (name: string): string => style.getPropertyValue(`--${name}`).trim()
  const names = ['ink', 'soft', 'line', 'panel', 'odd', 'bad', 'good', 'shade', 'hatch', 'idle', 'step', 'on'] as const
  const plain = Object.fromEntries(names.map((name) => [name, of(name)])) as Record<(typeof names)[number], string>
  return { ...plain, tokens: Array.from({ length: 8 }, (_, index) => of(`t${index}`)) }
}

/** Packed so that a page with a long history stays small. */
async function unpacked(id: string): Promise<string | undefined> {
  const text = document.getElementById(id)?.textContent?.trim() ?? ''
  if (text === '') return undefined
  const bytes = Uint8Array.from(atob(text), (character) => character.codePointAt(0) ?? 0)
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))
  return new Response(stream).text()
}

const [sheetText, historyText] = await Promise.all([unpacked('sheet'), unpacked('history')])
const lines = historyText?.trimEnd().split('\n')
const panel = lines === undefined ? undefined : new HistoryPanel(element('lines', HTMLElement), lines)
if (sheetText !== undefined) new Viewer(JSON.parse(sheetText) as Sheet, panel).start()
document.documentElement.dataset['ready'] = 'true'
