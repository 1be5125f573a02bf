/** Damages to the guard for HTTP: how long the check holds, when the answer goes out, who is let in after a wait. */
import type { Check, Mutant } from './mutant.ts'

const http = 'packages/holdfast/src/guards/http'
const tests = (file: string, named: string): Check => ({ tests: [`${http}/${file}.test.ts`], named })

export const httpGuardMutants: readonly Mutant[] = [
  {
    name: 'http guard: the check is over before the handler',
    file: `${http}/process-marks.ts`,
    find: '        return await work(undefined)\n      } finally {\n        leave()\n      }',
    replace: '      } finally {\n        leave()\n      }\n      return await work(undefined)',
    caughtBy: tests('http-guard', 'with hono > a successor waits for a handler'),
  },
  {
    name: 'http guard: a shared request does not hold up the next writer',
    file: `${http}/turn-queue.ts`,
    find: '[turns.alone, ...turns.together]',
    replace: '[turns.alone]',
    caughtBy: tests('process-marks', 'shared requests run together'),
  },
  {
    name: 'http guard: a request that gave up lets the next one in',
    file: `${http}/turn-queue.ts`,
    find: '    void before.then(leave)\n    throw',
    replace: '    leave()\n    throw',
    caughtBy: tests('process-marks', 'a request that gave up'),
  },
  {
    name: 'http guard: a token is not compared again after its wait',
    file: `${http}/process-marks.ts`,
    find: '        marks.pass(admission)\n        return',
    replace: '        return',
    caughtBy: tests('process-marks', 'became stale in the queue'),
  },
  {
    name: 'http guard: a mark that was given up is forgotten',
    file: `${http}/process-marks.ts`,
    find: 'this.#floors.set(namespace, mark > floor ? mark : floor)',
    replace: 'this.#floors.set(namespace, floor)',
    caughtBy: tests('process-marks', 'given up for room'),
  },
  {
    name: 'http guard: the answer goes out before the commit',
    file: `${http}/response-end.ts`,
    find: '      this.#kept ??= args\n      return response',
    replace: '      this.#end.apply(response, args)\n      return response',
    caughtBy: tests('http-guard', 'with node:http > the answer goes out after the commit'),
  },
  {
    name: 'http guard: a handler that is refused elsewhere is answered as if its own token were stale',
    file: `${http}/problem.ts`,
    find: 'error instanceof StaleToken && error.held === begunWith',
    replace: 'error instanceof StaleToken',
    caughtBy: tests('http-guard', 'with hono > a handler that is refused'),
  },
  {
    name: 'http guard: no answer is taken for a refusal',
    file: `${http}/fenced-fetch.ts`,
    find: 'throw new OutcomeUnknown(',
    replace: 'throw new Error(',
    caughtBy: tests('http-guard', 'no answer is unknown'),
  },
]
