/** Damages to the server: what a program far away may believe, and who may ask. */
import type { Check, Mutant } from './mutant.ts'

const tests: Check = { tests: ['packages/server/src/server.test.ts'] }
const reading: Check = { tests: ['packages/server/src/event-stream.test.ts'] }
const FOLDER = 'packages/server/src'

export const serverMutants: readonly Mutant[] = [
  {
    name: 'server: a program believes from the arrival of the answer',
    file: `${FOLDER}/loan.ts`,
    find: 'Math.min(this.#endsAtMs, storeEndsAtMs) - receivedMs',
    replace: 'this.ttlMs * 2',
    caughtBy: { ...tests, named: 'before anybody else gets the lock' },
  },
  {
    name: 'server: a wait is not counted',
    file: `${FOLDER}/loan.ts`,
    find: 'Math.min(this.#endsAtMs, storeEndsAtMs) - receivedMs',
    replace: 'this.ttlMs',
    caughtBy: { ...tests, named: 'counts a wait as waited' },
  },
  {
    name: 'server: an id that is over takes the lock again',
    file: `${FOLDER}/loans.ts`,
    find: 'if (over !== undefined) throw new LeaseLost',
    replace: 'if (over === null) throw new LeaseLost',
    caughtBy: { ...tests, named: 'its id neither renews nor takes' },
  },
  {
    name: 'server: a program that goes away keeps its place in the line',
    file: `${FOLDER}/loans.ts`,
    find: 'if (pending.requests === 0) pending',
    replace: 'if (pending.requests < 0) pending',
    caughtBy: { ...tests, named: 'leaves no claim in the line' },
  },
  {
    name: 'server: a page that was rebound to its address gets in',
    file: `${FOLDER}/gate.ts`,
    find: 'if (!this.#hosts.has(host))',
    replace: 'if (this.#hosts.size === 0)',
    caughtBy: { ...tests, named: 'is shut to pages of browsers' },
  },
  {
    name: 'server: a scope is not asked for',
    file: `${FOLDER}/gate.ts`,
    find: 'if (!caller.scopes.has(scope))',
    replace: 'if (caller.scopes.size === 0)',
    caughtBy: { ...tests, named: 'lets nobody evict' },
  },
  {
    name: 'server: a limit costs a lease',
    file: `${FOLDER}/routes.ts`,
    find: '(?:renew|release)$/.test(call.req.path)',
    replace: '(?:release)$/.test(call.req.path)',
    caughtBy: { ...tests, named: 'counts no renewal towards the limit' },
  },
  {
    name: 'server: an end that cannot wait gives locks back under programs that believe',
    file: 'packages/cli/src/serve.ts',
    find: 'if (believers === 0) await locks.close()',
    replace: 'await locks.close()',
    caughtBy: { tests: ['packages/cli/src/serve.test.ts'], named: 'leaves it its lock' },
  },
  {
    name: 'server: a line that cannot be read is passed over in silence',
    file: `${FOLDER}/line-stream.ts`,
    find: "stream.put(name, { event: 'problem', data: () => ({ ...problemOf(error), name }) })",
    replace: 'void error',
    caughtBy: { ...reading, named: 'says so and ends' },
  },
  {
    name: 'server: a reader that takes nothing is kept',
    file: `${FOLDER}/event-stream.ts`,
    find: 'setTimeout(() => this.#outgoing.destroy(), this.#silenceMs)',
    replace: 'setTimeout(() => undefined, this.#silenceMs)',
    caughtBy: { ...reading, named: 'takes nothing is let go' },
  },
  {
    name: 'server: one event may be of any length',
    file: `${FOLDER}/line-stream.ts`,
    find: 'const EVENT_BYTES_MAX = 512 * 1024',
    replace: 'const EVENT_BYTES_MAX = 512 * 1024 * 1024',
    caughtBy: { ...reading, named: 'too long for an event is cut' },
  },
]
