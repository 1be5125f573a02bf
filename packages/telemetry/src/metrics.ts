/** Every metric of locks: its name, its unit, what tells its series apart, and the buckets of its histogram. */

export type Attributes = Readonly<Record<string, string>>

interface Described {
  readonly name: string
  readonly description: string
  /** As OpenTelemetry writes units: `s`, or a word in braces for what is counted. */
  readonly unit: string
  readonly attributes: readonly string[]
}

export interface HistogramMetric extends Described {
  readonly kind: 'histogram'
  /** Upper ends, in seconds. */
  readonly buckets: readonly number[]
}

export interface CountMetric extends Described {
  /** `counter` only rises; `gauge` is what is now; `sum` is a gauge that may be added up over processes. */
  readonly kind: 'counter' | 'gauge' | 'sum'
}

export type Metric = HistogramMetric | CountMetric

const LOCK = ['holdfast.namespace', 'holdfast.lock.label', 'holdfast.lock.mode']
const GUARDED = ['holdfast.namespace', 'holdfast.lock.label', 'holdfast.lock.mode', 'holdfast.guard.name']
const STORE = ['holdfast.namespace', 'holdfast.store.engine']

const WAIT_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]
const HOLD_S = [0.005, 0.025, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600, 21_600]
const LATENESS_S = [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

const histogram = (
  name: string,
  description: string,
  attributes: readonly string[],
  buckets: readonly number[],
): HistogramMetric => ({ kind: 'histogram', name, description, unit: 's', attributes, buckets })

const count = (
  kind: CountMetric['kind'],
  name: string,
  unit: string,
  description: string,
  attributes: readonly string[],
): CountMetric => ({ kind, name, description, unit, attributes })

export const METRICS: {
  readonly wait: HistogramMetric
  readonly attempts: CountMetric
  readonly contended: CountMetric
  readonly waiting: CountMetric
  readonly held: CountMetric
  readonly hold: HistogramMetric
  readonly lost: CountMetric
  readonly jeopardy: CountMetric
  readonly lateness: HistogramMetric
  readonly guardAsked: CountMetric
  readonly guardRefused: CountMetric
  readonly staleness: HistogramMetric
  readonly request: HistogramMetric
  readonly storeUp: CountMetric
  readonly storeClass: CountMetric
} = {
  wait: histogram(
    'holdfast.lock.wait.duration',
    'From the call for a lock to its grant or refusal.',
    [...LOCK, 'holdfast.outcome'],
    WAIT_S,
  ),
  attempts: count('counter', 'holdfast.lock.attempts', '{attempt}', 'Attempts at a lock that ended.', [
    ...LOCK,
    'holdfast.outcome',
  ]),
  contended: count('counter', 'holdfast.lock.contended', '{attempt}', 'Attempts that had to stand in line.', LOCK),
  waiting: count('sum', 'holdfast.lock.waiting', '{claim}', 'Claims of this process that stand in line.', LOCK),
  held: count('sum', 'holdfast.lock.held', '{lease}', 'Leases that this process holds.', LOCK),
  hold: histogram(
    'holdfast.lock.hold.duration',
    'From the grant of a lock to its release or loss.',
    [...LOCK, 'holdfast.outcome'],
    HOLD_S,
  ),
  lost: count('counter', 'holdfast.lock.lost', '{lease}', 'Leases that ended before they were released.', [
    ...LOCK,
    'holdfast.cause',
  ]),
  jeopardy: count('counter', 'holdfast.lock.jeopardy', '{event}', 'Renewals that failed while the lease lasted.', LOCK),
  lateness: histogram(
    'holdfast.lease.renewal.lateness',
    'How long after its due time a renewal was sent: how late the process itself is.',
    LOCK,
    LATENESS_S,
  ),
  guardAsked: count('counter', 'holdfast.guard.asked', '{holder}', 'Holders that a guard compared.', GUARDED),
  guardRefused: count(
    'counter',
    'holdfast.guard.refused',
    '{write}',
    'Writes that a guard refused because the resource had seen a newer token.',
    GUARDED,
  ),
  staleness: histogram(
    'holdfast.guard.staleness',
    'How much older a refused token was than the one the resource had seen, where tokens are times.',
    GUARDED,
    HOLD_S,
  ),
  request: histogram(
    'holdfast.store.request.duration',
    'Requests to the store of locks.',
    [...STORE, 'holdfast.store.operation', 'holdfast.outcome'],
    WAIT_S,
  ),
  storeUp: count('gauge', 'holdfast.store.up', '{store}', '1 when the last request to the store was answered.', STORE),
  storeClass: count(
    'gauge',
    'holdfast.store.class',
    '{class}',
    'What the store promises: 0 best-effort, 1 durable, 2 consensus.',
    STORE,
  ),
}
