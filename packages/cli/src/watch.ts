/** `holdfast watch`: the view to leave open in a terminal, or one line a change for a file or a script. */
import { durationMs } from 'holdfast'
import { NoAnswer, within } from './call-limit.ts'
import { type Context, type GlobalOptions, type Opened, withLocks } from './context.ts'
import { exitCodes, Failure } from './exit-codes.ts'
import { Pause } from './pause.ts'
import type { Printer } from './printer.ts'
import { SignalDesk, signalExitCode } from './signals.ts'
import type { Display, Showing } from './watch-display.ts'
import { LiveView } from './watch-live.ts'
import { picture } from './watch-picture.ts'
import { ViewSource } from './watch-source.ts'
import { snapshot, stream } from './watch-stream.ts'

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
      const left = new AbortController()
      const pause = new Pause()
      const person = { onQuit: () => left.abort(), onLook: () => pause.end() }
      const display = displayOf(context.printer, opened, options, { ...showing, person })
      try {
        const signal = AbortSignal.any([signals.interrupted.signal, left.signal])
        const isOnce = options.once === true
        await followed(opened, prefix, { display, pause, intervalMs, observersMax, isOnce, signal })
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
  readonly pause: Pause
  readonly intervalMs: number
  readonly observersMax: number
  readonly isOnce: boolean
  readonly signal: AbortSignal
}

/** Until the signal aborts. Only the first look may fail for good. */
async function followed({ locks }: Opened, prefix: string, following: Following): Promise<void> {
  const { display, pause, intervalMs, observersMax, isOnce, signal } = following
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
    asked ??= source.refresh(display.namesMax, display.wanted)
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
    await pause.take(intervalMs, signal)
  }
}

function displayOf(printer: Printer, opened: Opened, options: WatchCommandOptions, showing: Showing): Display {
  const { stdout } = printer.streams
  if (options.json === true || (!stdout.isTTY && options.once !== true)) {
    return stream(printer, opened.namespace, options.json === true, showing)
  }
  return options.once === true ? snapshot(printer, showing) : picture(printer, opened.locks, showing)
}

function namesOption(text: string): number {
  const names = /^\d{1,3}$/.test(text) ? Number(text) : 0
  if (names >= 1 && names <= NAMES_MAX) return names
  throw new Failure(
    exitCodes.usage,
    `--names must be a number from 1 to ${NAMES_MAX}; got ${JSON.stringify(text.slice(0, 40))}`,
  )
}
