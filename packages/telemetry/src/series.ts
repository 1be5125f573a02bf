/** The numbers of one lock label, one guard or one store: everything that is counted is counted here, and read when asked. */
import type { EventMap, LossCause, ReleaseOutcome, SafetyClass, StoreRequestEvent } from 'holdfast'
import { type Attributes, type HistogramMetric, METRICS } from './metrics.ts'
import type { Count } from './statistics.ts'

/** Makes what records a duration in seconds in one series of a histogram. */
export type Measure = (metric: HistogramMetric, attributes: Attributes) => (seconds: number) => void

type WaitOutcome = 'acquired' | EventMap['refused']['because']
type HoldOutcome = ReleaseOutcome | 'lost'

const WAIT_OUTCOMES: readonly WaitOutcome[] = ['acquired', 'busy', 'timeout', 'aborted', 'failed']
const CAUSES: readonly LossCause[] = ['deadline', 'expired', 'evicted', 'closed']
const CLASSES: readonly SafetyClass[] = ['best-effort', 'durable', 'consensus']

/** One series for each value of an attribute, made when it is first measured. */
class MeasureBy<Value extends string> {
  readonly #made = new Map<Value, (seconds: number) => void>()
  readonly #make: (value: Value) => (seconds: number) => void

  constructor(make: (value: Value) => (seconds: number) => void) {
    this.#make = make
  }

  record(value: Value, ms: number): void {
    let measure = this.#made.get(value)
    if (measure === undefined) this.#made.set(value, (measure = this.#make(value)))
    measure(ms / 1_000)
  }
}

export class LockSeries {
  contended = 0
  waiting = 0
  held = 0
  jeopardy = 0
  readonly wait: MeasureBy<WaitOutcome>
  readonly hold: MeasureBy<HoldOutcome>
  readonly lateness: (seconds: number) => void
  readonly #attributes: Attributes
  readonly #attempts: Record<WaitOutcome, number> = { acquired: 0, busy: 0, timeout: 0, aborted: 0, failed: 0 }
  readonly #lost: Record<LossCause, number> = { deadline: 0, expired: 0, evicted: 0, closed: 0 }

  constructor(attributes: Attributes, measure: Measure) {
    this.#attributes = attributes
    const by = <Value extends string>(metric: HistogramMetric): MeasureBy<Value> =>
      new MeasureBy((outcome) => measure(metric, { ...attributes, 'holdfast.outcome': outcome }))
    this.wait = by(METRICS.wait)
    this.hold = by(METRICS.hold)
    this.lateness = measure(METRICS.lateness, attributes)
  }

  ended(outcome: WaitOutcome, waitedMs: number): void {
    this.#attempts[outcome] += 1
    this.wait.record(outcome, waitedMs)
  }

  lost(cause: LossCause): void {
    this.#lost[cause] += 1
  }

  /** Also what is 0 yet: a counter that appears with its first refusal has not risen, as an alert sees it. */
  *counts(): Generator<Count> {
    const attributes = this.#attributes
    for (const outcome of WAIT_OUTCOMES) {
      const value = this.#attempts[outcome]
      yield { metric: METRICS.attempts, attributes: { ...attributes, 'holdfast.outcome': outcome }, value }
    }
    for (const cause of CAUSES) {
      yield { metric: METRICS.lost, attributes: { ...attributes, 'holdfast.cause': cause }, value: this.#lost[cause] }
    }
    for (const name of ['contended', 'waiting', 'held', 'jeopardy'] as const) {
      yield { metric: METRICS[name], attributes, value: this[name] }
    }
  }
}

export class GuardSeries {
  asked = 0
  refused = 0
  readonly staleness: (seconds: number) => void
  readonly #attributes: Attributes

  constructor(attributes: Attributes, measure: Measure) {
    this.#attributes = attributes
    this.staleness = measure(METRICS.staleness, attributes)
  }

  *counts(): Generator<Count> {
    yield { metric: METRICS.guardAsked, attributes: this.#attributes, value: this.asked }
    yield { metric: METRICS.guardRefused, attributes: this.#attributes, value: this.refused }
  }
}

/** A store that was not asked for this long is not reported: it is neither up nor down, and may have another name by now. */
const QUIET_MS = 300_000

export class StoreSeries {
  #isUp = true
  #heardMs = 0
  #safetyClass: SafetyClass | undefined
  readonly #requests: Readonly<Record<StoreRequestEvent['operation'], MeasureBy<StoreRequestEvent['outcome']>>>
  readonly #attributes: Attributes

  constructor(attributes: Attributes, measure: Measure) {
    this.#attributes = attributes
    const by = (operation: string): MeasureBy<StoreRequestEvent['outcome']> =>
      new MeasureBy((outcome) =>
        measure(METRICS.request, {
          ...attributes,
          'holdfast.store.operation': operation,
          'holdfast.outcome': outcome,
        }),
      )
    this.#requests = {
      enter: by('enter'),
      renew: by('renew'),
      leave: by('leave'),
      look: by('look'),
      list: by('list'),
      evict: by('evict'),
    }
  }

  requested(operation: StoreRequestEvent['operation'], outcome: StoreRequestEvent['outcome'], tookMs: number): void {
    this.#requests[operation].record(outcome, tookMs)
  }

  /** The class is unknown before the store opened. */
  heard(isUp: boolean, safetyClass?: SafetyClass): void {
    this.#isUp = isUp
    this.#heardMs = Date.now()
    this.#safetyClass = safetyClass ?? this.#safetyClass
  }

  *counts(): Generator<Count> {
    if (Date.now() - this.#heardMs > QUIET_MS) return
    const attributes = this.#attributes
    yield { metric: METRICS.storeUp, attributes, value: this.#isUp ? 1 : 0 }
    if (this.#safetyClass === undefined) return
    yield { metric: METRICS.storeClass, attributes, value: CLASSES.indexOf(this.#safetyClass) }
  }
}
