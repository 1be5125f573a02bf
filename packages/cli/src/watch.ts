/** `holdfast watch`: the view to leave open in a terminal, or one line a change for a file or a script. */
import { setTimeout as sleep } from 'node:timers/promises'
import { durationMs } from 'holdfast'
import { NoAnswer, within } from './call-limit.ts'
import { type Context, type GlobalOptions, type Opened, withLocks } from './context.ts'
import { exitCodes, Failure } from './exit-codes.ts'
import { tellUnreadable } from './look.ts'
import type { Printer } from './printer.ts'
import { Screen } from './screen.ts'
import { SignalDesk, signalExitCode } from './signals.ts'
import { printable, shortDuration } from './text.ts'
import { type Frame, frameLines, type Size } from './watch-frame.ts'
import { LiveView } from './watch-live.ts'
import { ViewSource } from './watch-source.ts'
import type { Change } from './watch-view.ts'
import { changeDocument, changeInWords, polledInWords, timeOfDay } from './watch-words.ts'

export interface WatchCommandOptions extends GlobalOptions {
  readonly interval: string
  readonly names: string
  readonly once?: boolean
}

/** A look that takes longer is trouble. It is not asked a second time before it ends, so nothing piles up. */
const LOOK_MS_MAX = 5_000
const INTERVAL_MS_MIN = 100
const INTERVAL_MS_MAX = 3_600_000
const NAMES_MAX = 500
/** Each is a registration in the store, renewed every 45 s, and perhaps a subscription. */
const OBSERVERS_MAX = 100
const WHOLE: Size = { columns: Number.POSITIVE_INFINITY, rows: Number.POSITIVE_INFINITY }

/** How the looks are shown. */
interface Display {
  /** How many names are worth a look. */
  readonly namesMax: number
  /** Whether it shows how long a lease lasts, so that renewals matter. */
  readonly showsEnds: boolean
  show(live: LiveView, changes: readonly Change[], isFirst: boolean): void
  /** The last look failed, `ageMs` after the last one that did not. */
  trouble(words: string, ageMs: number): void
  close(): void
}

export async function watchCommand(context: Context, prefix: string, options: WatchCommandOptions): Promise<number> {
  const intervalMs = durationMs('--interval', options.interval, { minMs: INTERVAL_MS_MIN, maxMs: INTERVAL_MS_MAX })
  const namesMax = namesOption(options.names)
  const signals = new SignalDesk()
  try {
    await withLocks(context, options, async (opened) => {
      const { engine, wakeUp } = await within(
        LOOK_MS_MAX,
        'while it was opened',
        opened.locks.open(),
        signals.interrupted.signal,
      )
      const under = prefix === '' ? '' : `, names from ${JSON.stringify(prefix)}`
      const title = `holdfast watch: namespace ${opened.namespace}${under}, ${engine}`
      const observersMax = wakeUp === 'push' && options.once !== true ? OBSERVERS_MAX : 0
      const showing = { title, namesMax, polling: { observersMax, intervalMs } }
      const display = displayOf(context.printer, opened, options, showing)
      try {
        const { signal } = signals.interrupted
        await followed(opened, prefix, { display, intervalMs, observersMax, isOnce: options.once === true, signal })
      } finally {
        display.close()
      }
    })
  } catch (error) {
    if (signals.interruptedBy === undefined) throw error
  } finally {
    signals.close()
  }
  return signals.interruptedBy === undefined ? exitCodes.ok : signalExitCode(signals.interruptedBy)
}

interface Following {
  readonly display: Display
  readonly intervalMs: number
  readonly observersMax: number
  readonly isOnce: boolean
  readonly signal: AbortSignal
}

/** Until the signal aborts. Only the first look may fail for good. */
async function followed({ locks }: Opened, prefix: string, following: Following): Promise<void> {
  const { display, intervalMs, observersMax, isOnce, signal } = following
  const live = new LiveView()
  let [asked, seenAtMs]: [Promise<void> | undefined, number] = [undefined, performance.now()]
  const show = (): void => {
    const isFirst = live.view === undefined
    seenAtMs = performance.now()
    display.show(live, live.next(source.view, seenAtMs, new Date()), isFirst)
  }
  const source = new ViewSource(locks, { prefix, observersMax, followsRenewals: display.showsEnds, onChange: show })
  signal.addEventListener('abort', () => source.close())
  while (!signal.aborted) {
    asked ??= source.refresh(display.namesMax)
    try {
      await within(LOOK_MS_MAX, 'while the locks were listed', asked, signal)
      asked = undefined
      show()
      if (isOnce) return
    } catch (error) {
      if (signal.aborted) return
      if (!(error instanceof NoAnswer)) asked = undefined
      if (live.view === undefined) throw error
      display.trouble(error instanceof Error ? error.message : String(error), performance.now() - seenAtMs)
    }
    await sleep(intervalMs, undefined, { signal }).catch(() => undefined)
  }
}

interface Showing {
  readonly title: string
  readonly namesMax: number
  readonly polling: { readonly observersMax: number; readonly intervalMs: number }
}

function displayOf(printer: Printer, opened: Opened, options: WatchCommandOptions, showing: Showing): Display {
  const { stdout } = printer.streams
  if (options.json === true || (!stdout.isTTY && options.once !== true)) {
    return stream(printer, opened.namespace, options.json === true, showing)
  }
  return options.once === true ? snapshot(printer, showing) : picture(printer, showing)
}

/** One line a change, the first look included. */
function stream(printer: Printer, namespace: string, json: boolean, { namesMax, polling }: Showing): Display {
  let isInTrouble = false
  let isPollingTold = false
  let told: ReadonlySet<string> = new Set()
  return {
    namesMax,
    showsEnds: false,
    show({ view }, changes, initial) {
      isInTrouble = false
      const polled = isPollingTold ? undefined : polledInWords(view, polling)
      if (polled !== undefined) printer.tell(polled, { event: 'polled' })
      isPollingTold ||= polled !== undefined
      const unreadable = view?.unreadable ?? []
      for (const each of unreadable) if (!told.has(each.name)) tellUnreadable(printer, each)
      told = new Set(unreadable.map(({ name }) => name))
      const at = new Date()
      for (const change of changes) {
        if (json) printer.document(changeDocument(change, { namespace, at, initial }))
        else printer.line(`${timeOfDay(at)} ${printable(changeInWords(change))}`)
      }
    },
    trouble(words) {
      if (isInTrouble) return
      isInTrouble = true
      printer.tell(words, { event: 'trouble' })
    },
    close: () => undefined,
  }
}

/** One picture without a terminal. */
function snapshot(printer: Printer, { title, namesMax }: Showing): Display {
  return {
    namesMax,
    showsEnds: true,
    show(live) {
      const frame = frameOf(printer, live, { title })
      if (frame !== undefined) for (const { text } of frameLines(frame, WHOLE)) printer.line(text)
    },
    trouble: () => undefined,
    close: () => undefined,
  }
}

/** The picture that is drawn again and again. */
function picture(printer: Printer, { title, namesMax, polling }: Showing): Display {
  let seen: LiveView | undefined
  let trouble: string | undefined
  const draw = (): void => {
    const notice = polledInWords(seen?.view, polling)
    const frame = seen && frameOf(printer, seen, { title: `${timeOfDay(new Date())} ${title}`, notice, trouble })
    if (frame !== undefined) screen.draw(frameLines(frame, screen.size))
  }
  const screen = new Screen(printer, draw)
  screen.open()
  return {
    // More cannot be seen: each takes a row.
    get namesMax() {
      return Math.min(namesMax, Math.max(1, screen.size.rows))
    },
    showsEnds: true,
    show(live) {
      seen = live
      trouble = undefined
      draw()
    },
    trouble(words, ageMs) {
      trouble = `the picture is ${shortDuration(ageMs)} old: ${words}`
      draw()
    },
    close: () => screen.close(),
  }
}

interface Words {
  readonly title: string
  readonly notice?: string | undefined
  readonly trouble?: string | undefined
}

function frameOf(printer: Printer, live: LiveView, { title, notice, trouble }: Words): Frame | undefined {
  const { view, recent } = live
  if (view === undefined) return undefined
  const nowMs = performance.now()
  return {
    title,
    view,
    recent,
    notice,
    trouble,
    clean: (text) => printable(printer.secrets.hide(text)),
    age: (name, claim) => live.age(name, claim, nowMs),
  }
}

function namesOption(text: string): number {
  const names = /^\d{1,3}$/.test(text) ? Number(text) : 0
  if (names >= 1 && names <= NAMES_MAX) return names
  throw new Failure(
    exitCodes.usage,
    `--names must be a number from 1 to ${NAMES_MAX}; got ${JSON.stringify(text.slice(0, 40))}`,
  )
}
