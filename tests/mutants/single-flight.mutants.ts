/** Damages to single flight: the second look, what is new enough, whose waiting ends, and what an overtaken process keeps. */
import type { Check, Mutant } from './mutant.ts'

const FOLDER = 'packages/holdfast/src/recipes/single-flight'
const named = (test: string): Check => ({ tests: [`${FOLDER}/single-flight.test.ts`], named: test })

export const singleFlightMutants: readonly Mutant[] = [
  {
    name: 'single flight: the cache is not looked into again after the grant',
    file: `${FOLDER}/line-flights.ts`,
    find: 'if (!meanwhile || meanwhile.madeAtMs < request.sinceMs) return',
    replace: 'if (!meanwhile || meanwhile.madeAtMs > 0) return',
    caughtBy: named('is computed by one of many processes'),
  },
  {
    name: 'single flight: a value that is computed early counts as new already',
    file: `${FOLDER}/line-flights.ts`,
    find: 'Math.max(request.sinceMs, found.madeAtMs + 1)',
    replace: 'request.sinceMs',
    caughtBy: named('is computed early'),
  },
  {
    name: 'single flight: a value is given for as long as it is there',
    file: `${FOLDER}/line-flights.ts`,
    find: 'nowMs >= found.madeAtMs + freshMs + staleMs',
    replace: 'nowMs < 0',
    caughtBy: named('for the whole of `stale`'),
  },
  {
    name: 'single flight: a caller that gives up ends the waiting of all',
    file: `${FOLDER}/line-flights.ts`,
    find: 'if (flight.waiting === 0) {',
    replace: 'if (flight.waiting >= 0) {',
    caughtBy: named('ends its own waiting'),
  },
  {
    name: 'single flight: a wait that no call needs goes on',
    file: `${FOLDER}/line-flights.ts`,
    find: '        flight.ends.abort(signal.reason)\n',
    replace: '',
    caughtBy: named('leaves no claim behind'),
  },
  {
    name: 'single flight: a call is given what another one gave up',
    file: `${FOLDER}/line-flights.ts`,
    find: '        this.#forget(request.key, flight)\n',
    replace: '',
    caughtBy: named('is no end for a call that comes at that moment'),
  },
  {
    name: 'single flight: a call that waits joins a computation that does not',
    file: `${FOLDER}/line-flights.ts`,
    find: '(request.isBehind || !before.isBehind)',
    replace: 'before.waiting >= 0',
    caughtBy: named('computed anew by `refresh` although one behind'),
  },
  {
    name: 'single flight: each waiting call computes what just failed',
    file: 'packages/holdfast/src/recipes/recent-failures.ts',
    find: 'this.#clock.monotonicMs() < failure.untilMs ? failure',
    replace: 'this.#clock.monotonicMs() < 0 ? failure',
    caughtBy: named('gives its error to all that wait'),
  },
  {
    name: 'single flight: a value is never computed early',
    file: 'packages/holdfast/src/recipes/early.ts',
    find: 'return -tookMs * eagerness',
    replace: 'return -tookMs * 0 * eagerness',
    caughtBy: named('is computed early'),
  },
]
