/** One call that turns on spans and metrics for every client of the process. */
import { LockLabels, type LabelOptions } from '@holdfast/telemetry'
import { diag, metrics, trace, type MeterProvider, type TracerProvider } from '@opentelemetry/api'
import type { LineView } from 'holdfast'
import { meterLocks } from './meter.ts'
import { traceLocks } from './spans.ts'

export interface InstrumentOptions extends LabelOptions {
  /** Whether to make spans. @default true */
  readonly spans?: boolean
  /** Whether to count and measure. @default true */
  readonly metrics?: boolean
  /** Where spans go. @default the global provider */
  readonly tracerProvider?: TracerProvider
  /** Where metrics go. @default the global provider */
  readonly meterProvider?: MeterProvider
  /**
   * Shows a line, so that a refused write can be linked to a holder in another process: asked after the refusal, at most once a
   * second for each lock. @default none: only holders of this process are linked
   */
  readonly inspect?: (name: string, namespace: string) => Promise<LineView>
}

const SCOPE = '@holdfast/otel'

/**
 * Instruments every client of this process, those that are made later as well, until the returned function is called. Call it
 * once, after the SDK was set up. Nothing it does can fail a lock: errors go to the `diag` logger of OpenTelemetry.
 *
 * @example
 * ```ts
 * const stop = instrument({ inspect: (name) => locks.inspect(name) })
 * ```
 */
export function instrument(options: InstrumentOptions = {}): () => void {
  const { spans = true, metrics: counts = true, tracerProvider = trace, meterProvider = metrics, inspect } = options
  const onTrouble = (words: string): void => diag.warn(`${SCOPE}: ${words}`)
  const stops: (() => void)[] = []
  if (counts) stops.push(meterLocks(meterProvider.getMeter(SCOPE), { ...options, onTrouble }))
  if (spans) {
    // The metrics have told already that there are too many labels.
    const labels = new LockLabels(options, () => undefined)
    stops.push(traceLocks(tracerProvider.getTracer(SCOPE), { labels, inspect, onTrouble }))
  }
  return () => {
    for (const stop of stops) stop()
  }
}
