/** From the events of all clients of the process to series: durations are handed on in batches, counts are read when asked. */
import type { EventMap, GuardEvent, LockEvent, Mode, StoreRequestEvent } from 'holdfast'
import { listen } from './channels.ts'
import { Durations } from './durations.ts'
import { LABELS_MAX, type LabelOptions, LockLabels } from './labels.ts'
import type { Attributes, CountMetric } from './metrics.ts'
import { GuardSeries, LockSeries, type Measure, StoreSeries } from './series.ts'

export type { Measure } from './series.ts'

export interface StatisticsOptions extends LabelOptions {
  /** Is told once that there are more than 50 labels, and of each error of `label` or of the system of metrics. @default none */
  readonly onTrouble?: (words: string) => void
}

/** What one series counts to at the moment. */
export interface Count {
  readonly metric: CountMetric
  readonly attributes: Attributes
  readonly value: number
}

/** A store that does not open has not said what it is. */
const UNOPENED = 'unknown'
const KNOWN_NAMES_MAX = 1_000

interface NamedSeries {
  readonly namespace: string
  readonly series: LockSeries
}

/** Tokens of a store whose scale is a clock are µs since 1970: all of them after 2001. */
const CLOCK_TOKEN_MIN = 1_000_000_000_000_000n

/**
 * Listens from the moment it is made until `stop`. Numbers and labels are all it keeps: their size is bounded by 50 labels, and by
 * the locks that are waited for or held. Durations are handed on by `flush`, and whenever 512 of them have come.
 *
 * @example
 * ```ts
 * const statistics = new LockStatistics((metric, attributes) => (seconds) => send(metric.name, attributes, seconds))
 * statistics.flush()
 * for (const { metric, attributes, value } of statistics.counts()) send(metric.name, attributes, value)
 * ```
 */
export class LockStatistics {
  readonly #stop: () => void
  readonly #durations: Durations
  readonly #measure: Measure
  readonly #labels: LockLabels
  readonly #locks = new Map<string, LockSeries>()
  readonly #guards = new Map<string, GuardSeries>()
  readonly #stores = new Map<string, StoreSeries>()
  readonly #byName: Readonly<Record<Mode, Map<string, NamedSeries>>> = {
    exclusive: new Map(),
    shared: new Map(),
    permit: new Map(),
  }
  #lastStore: { readonly namespace: string; readonly engine: string; readonly series: StoreSeries } | undefined
  readonly #waiting = new Map<number, LockSeries>()
  readonly #held = new Map<number, LockSeries>()

  constructor(measure: Measure, options: StatisticsOptions = {}) {
    const tell = options.onTrouble ?? ((): void => undefined)
    const onError = (error: unknown): void =>
      tell(`a lock was not counted: ${error instanceof Error ? error.message : String(error)}`)
    this.#durations = new Durations(onError)
    this.#measure = this.#durations.later(measure)
    this.#labels = new LockLabels(options, () =>
      tell(
        `locks have more than ${LABELS_MAX} labels: all further ones are counted as "other". Give a label of your own`,
      ),
    )
    this.#stop = listen(
      {
        'holdfast:waiting': (event) => this.#waits(event),
        'holdfast:acquired': (event) => this.#acquired(event),
        'holdfast:refused': (event) => this.#refused(event),
        'holdfast:renewed': (event) => this.#lockOf(event).lateness(event.lateMs / 1_000),
        'holdfast:jeopardy': (event) => void (this.#lockOf(event).jeopardy += 1),
        'holdfast:lost': (event) => this.#lost(event),
        'holdfast:released': (event) => this.#released(event),
        'holdfast:guard:asked': (event) => void (this.#guardOf(event).asked += 1),
        'holdfast:guard:refused': (event) => this.#guardRefused(event),
        'holdfast:store:request': (event) => this.#requested(event),
        'holdfast:opening': ({ namespace }) => this.#storeOf(namespace, UNOPENED).heard(false),
      },
      onError,
    )
  }

  /** Hands on the durations that are kept: to be called before a system of metrics reads what it was given. */
  flush(): void {
    this.#durations.flush()
  }

  stop(): void {
    this.#stop()
    this.flush()
  }

  /** Every count of now, those at 0 as well. */
  *counts(): Generator<Count> {
    for (const kind of [this.#locks, this.#guards, this.#stores]) {
      for (const series of kind.values()) yield* series.counts()
    }
  }

  #waits(event: LockEvent): void {
    if (this.#waiting.has(event.attempt)) return
    const series = this.#lockOf(event)
    this.#waiting.set(event.attempt, series)
    series.waiting += 1
    series.contended += 1
  }

  #acquired(event: EventMap['acquired']): void {
    const series = this.#lockOf(event)
    this.#left(event.attempt)
    series.ended('acquired', event.waitedMs)
    series.held += 1
    this.#held.set(event.attempt, series)
  }

  #refused(event: EventMap['refused']): void {
    this.#left(event.attempt)
    this.#lockOf(event).ended(event.because, event.waitedMs)
  }

  #left(attempt: number): void {
    const series = this.#waiting.get(attempt)
    if (series === undefined) return
    this.#waiting.delete(attempt)
    series.waiting -= 1
  }

  #lost(event: EventMap['lost']): void {
    this.#lockOf(event).lost(event.because)
    this.#ended(event.attempt)?.hold.record('lost', event.heldMs)
  }

  /** A lost lease may be released as well, which ends it no second time. */
  #released({ attempt, outcome, heldMs }: EventMap['released']): void {
    this.#ended(attempt)?.hold.record(outcome, heldMs)
  }

  #ended(attempt: number): LockSeries | undefined {
    const series = this.#held.get(attempt)
    if (series === undefined) return undefined
    this.#held.delete(attempt)
    series.held -= 1
    return series
  }

  #guardRefused(event: GuardEvent & { readonly needed: bigint }): void {
    const series = this.#guardOf(event)
    series.refused += 1
    const { token, needed } = event
    if (token >= CLOCK_TOKEN_MIN) series.staleness(Number(needed - token) / 1_000_000)
  }

  #requested({ namespace, facts, operation, outcome, tookMs }: StoreRequestEvent): void {
    const store = this.#storeOf(namespace, facts.engine)
    store.requested(operation, outcome, tookMs)
    store.heard(outcome === 'ok' || outcome === 'not_applied', facts.safetyClass)
  }

  /** Found by the name alone: making a key of several words would cost more than counting. */
  #lockOf({ namespace, name, mode }: Pick<LockEvent, 'namespace' | 'name' | 'mode'>): LockSeries {
    const byName = this.#byName[mode]
    const found = byName.get(name)
    if (found?.namespace === namespace) return found.series
    const { namespace: space, lock } = this.#labels.of(namespace, name, mode)
    const series = seriesIn(this.#locks, `${space}\n${lock}\n${mode}`, () => {
      const attributes = { 'holdfast.namespace': space, 'holdfast.lock.label': lock, 'holdfast.lock.mode': mode }
      return new LockSeries(attributes, this.#measure)
    })
    if (byName.size >= KNOWN_NAMES_MAX) byName.clear()
    byName.set(name, { namespace, series })
    return series
  }

  #guardOf({ namespace, name, mode, guard }: GuardEvent): GuardSeries {
    const { namespace: space, lock } = this.#labels.of(namespace, name, mode)
    return seriesIn(this.#guards, `${space}\n${lock}\n${mode}\n${guard}`, () => {
      const attributes = { 'holdfast.namespace': space, 'holdfast.lock.label': lock, 'holdfast.lock.mode': mode }
      return new GuardSeries({ ...attributes, 'holdfast.guard.name': guard }, this.#measure)
    })
  }

  #storeOf(namespace: string, engine: string): StoreSeries {
    const last = this.#lastStore
    if (last?.namespace === namespace && last.engine === engine) return last.series
    const space = this.#labels.ofNamespace(namespace)
    const series = seriesIn(this.#stores, `${space}\n${engine}`, () => {
      const attributes = { 'holdfast.namespace': space, 'holdfast.store.engine': engine }
      return new StoreSeries(attributes, this.#measure)
    })
    if (engine !== UNOPENED) this.#stores.delete(`${space}\n${UNOPENED}`)
    this.#lastStore = { namespace, engine, series }
    return series
  }
}

function seriesIn<Series>(all: Map<string, Series>, key: string, make: () => Series): Series {
  let series = all.get(key)
  if (series === undefined) all.set(key, (series = make()))
  return series
}
