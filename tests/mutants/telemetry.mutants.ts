/** Damages to what events, spans and metrics say of locks. */
import type { Check, Mutant } from './mutant.ts'

const tests = (...files: readonly [string, ...string[]]): Check => ({ tests: files })
const lockEvents = tests('packages/holdfast/src/client/lock-events.test.ts')
const labels = tests('packages/telemetry/src/labels.test.ts')
const statistics = tests('packages/telemetry/src/statistics.test.ts')
const spans = tests('packages/otel/src/instrument.test.ts')
const scrape = tests('packages/prometheus/src/register.test.ts')
const LIBRARY = 'packages/holdfast/src'
const SHARED = 'packages/telemetry/src'
const OTEL = 'packages/otel/src'

export const telemetryMutants: readonly Mutant[] = [
  {
    name: 'two attempts of a process have one number',
    file: `${LIBRARY}/lease/lock-attempt.ts`,
    find: 'counter.attempts += 1',
    replace: 'counter.attempts = 1',
    caughtBy: lockEvents,
  },
  {
    name: 'the trace of a grant never reaches the store',
    file: `${LIBRARY}/lease/note.ts`,
    find: 'trace === this.#sentTrace',
    replace: 'this.#sentTrace === this.#sentTrace',
    caughtBy: lockEvents,
  },
  {
    name: 'every renewal carries the trace again',
    file: `${LIBRARY}/lease/note.ts`,
    find: 'this.#sentTrace = trace\n    return',
    replace: 'return',
    caughtBy: lockEvents,
  },
  {
    name: 'inspect shows the trace inside the note',
    file: `${LIBRARY}/lease/trace.ts`,
    find: 'return { ...claim, note: claim.note.slice(0, at - 1), trace }',
    replace: 'return { ...claim, trace }',
    caughtBy: lockEvents,
  },
  {
    name: 'a claim carries any text as its trace',
    file: `${LIBRARY}/lease/trace.ts`,
    find: 'if (TRACEPARENT.test(trace)) return trace',
    replace: 'if (trace.length >= 0) return trace',
    caughtBy: lockEvents,
  },
  {
    name: 'a refused write reaches no channel',
    file: `${LIBRARY}/guards/admission.ts`,
    find: '      publishRefusal(guard, holder, needed)\n',
    replace: '',
    caughtBy: lockEvents,
  },
  {
    name: 'a request without an answer is told as an answered one',
    file: `${LIBRARY}/store/request-events.ts`,
    find: '(error: unknown) => publish(outcomeOf(error))',
    replace: "() => publish('ok')",
    caughtBy: lockEvents,
  },
  {
    name: 'labels of locks have no limit',
    file: `${SHARED}/labels.ts`,
    find: 'if (this.#labels.size >= LABELS_MAX) return this.#full()',
    replace: '',
    caughtBy: labels,
  },
  {
    name: 'an id in the middle of a name is a label of its own',
    file: `${SHARED}/labels.ts`,
    find: '    /^\\d+$/.test(part) ||\n',
    replace: '',
    caughtBy: labels,
  },
  {
    name: 'a claim that was granted goes on being counted as one that waits',
    file: `${SHARED}/statistics.ts`,
    find: 'series.waiting -= 1',
    replace: 'void series',
    caughtBy: statistics,
  },
  {
    name: 'a lost lease that is released ends twice',
    file: `${SHARED}/statistics.ts`,
    find: '    this.#held.delete(attempt)\n',
    replace: '',
    caughtBy: statistics,
  },
  {
    name: 'an event that throws in a listener of metrics ends the process',
    file: `${SHARED}/channels.ts`,
    find: '        onError(error)\n',
    replace: '        throw error\n',
    caughtBy: statistics,
  },
  {
    name: 'a store that does not answer stays up',
    file: `${SHARED}/statistics.ts`,
    find: "outcome === 'ok' || outcome === 'not_applied'",
    replace: 'outcome.length > 0',
    caughtBy: statistics,
  },
  {
    name: 'a hold takes its parent from the code that happens to run',
    file: `${OTEL}/spans.ts`,
    find: 'const parent = this.#waits.get(event.attempt)?.parent ?? context.active()',
    replace: 'const parent = context.active().deleteValue(Symbol.for("OpenTelemetry Context Key SPAN"))',
    caughtBy: spans,
  },
  {
    name: 'a refused write links to its own hold twice',
    file: `${OTEL}/refusal-spans.ts`,
    find: 'const here = this.#holds.get({ namespace, name, token: needed })',
    replace: 'const here = this.#holds.get({ namespace, name, token: refusal.token })',
    caughtBy: spans,
  },
  {
    name: 'each refused write looks at the line',
    file: `${OTEL}/refusal-spans.ts`,
    find: '< LOOK_EVERY_MS) return false',
    replace: '< 0) return false',
    caughtBy: spans,
  },
  {
    name: 'a claim carries the trace of a span that is not sampled',
    file: `${OTEL}/traceparent.ts`,
    find: '(traceFlags & TraceFlags.SAMPLED) === 0 ? undefined',
    replace: 'traceId === spanId ? undefined',
    caughtBy: spans,
  },
  {
    name: 'a counter of Prometheus rises with each scrape',
    file: 'packages/prometheus/src/register.ts',
    find: '      made.reset()\n',
    replace: '',
    caughtBy: scrape,
  },
]
