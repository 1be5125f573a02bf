/** Damages to what events, spans and metrics say of locks. */
import type { Check, Mutant } from './mutant.ts'

const tests = (...files: readonly [string, ...string[]]): Check => ({ tests: files })
const lockEvents = tests('packages/holdfast/src/client/lock-events.test.ts')
const LIBRARY = 'packages/holdfast/src'

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
]
