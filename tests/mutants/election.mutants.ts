/** Damages to the election, and to what waits and stops in it. */
import type { Check, Mutant } from './mutant.ts'

const election: Check = { tests: ['packages/holdfast/src/recipes/election/election.test.ts'] }
const term: Check = { tests: ['packages/holdfast/src/recipes/election/term.test.ts'] }
const candidates: Check = { tests: ['packages/holdfast/src/recipes/election/candidates.test.ts'] }
const CLASS = 'packages/holdfast/src/recipes/election/line-election.ts'
const DUTY = 'packages/holdfast/src/recipes/duty.ts'

export const electionMutants: readonly Mutant[] = [
  {
    name: 'election: the store hears of the end of a term before it is told here',
    file: CLASS,
    find: "    this.#events.emit('stopped', { name: this.#shape.name, token: lease.ref.token, because, ledMs, ...error })\n    return await lease.release()",
    replace:
      "    const released = await lease.release()\n    this.#events.emit('stopped', { name: this.#shape.name, token: lease.ref.token, because, ledMs, ...error })\n    return released",
    caughtBy: { ...election, named: 'ends a term in order' },
  },
  {
    name: 'election: a lost term ends the lead',
    file: CLASS,
    find: "if (because !== 'lost' && end !== undefined)",
    replace: 'if (end !== undefined)',
    caughtBy: { ...election, named: 'stands again by itself' },
  },
  {
    name: 'election: a work that waits for its own resignation waits for ever',
    file: CLASS,
    find: "return isInside ? Promise.resolve('unknown') : released.promise",
    replace: 'return released.promise',
    caughtBy: { ...election, named: 'lets a work wait for its own resignation' },
  },
  {
    name: 'election: work that does not stop keeps its lease for ever',
    file: DUTY,
    find: '    this.lease.stopRenewing()\n',
    replace: '',
    caughtBy: { ...term, named: 'is reported, keeps its lease' },
  },
  {
    name: 'election: work that was to stop before it began is begun',
    file: DUTY,
    find: '      if (this.stopping.aborted) return undefined\n',
    replace: '',
    caughtBy: { ...election, named: 'does not begin the work when it is asked to stop' },
  },
  {
    name: 'election: the work of a grant that was lost at once is begun',
    file: 'packages/holdfast/src/recipes/unlimited-wait.ts',
    find: 'if (lease.isHeld()) return lease',
    replace: 'return lease',
    caughtBy: { ...election, named: 'does not begin the work of a term that was lost' },
  },
  {
    name: 'election: a health probe is well although the work is stuck',
    file: DUTY,
    find: 'Math.max(0, this.stoppingForMs - this.#options.stopWithinMs)',
    replace: '0',
    caughtBy: { ...term, named: 'is reported, keeps its lease' },
  },
  {
    name: 'election: a process that is paused past its ttl believes that it leads until a timer says otherwise',
    file: 'packages/holdfast/src/recipes/tenure.ts',
    find: 'return this.lease.isHeld() && !this.duty.stopping.aborted',
    replace: 'return !this.#over.signal.aborted',
    caughtBy: { tests: ['packages/holdfast/src/recipes/election/election.test.ts'], named: 'stands again by itself' },
  },
  {
    name: 'a waiter behind others looks as often as the next in line',
    file: 'packages/holdfast/src/wait/queued-claim.ts',
    find: 'const isNext = ahead === 0 || this.#isShared',
    replace: 'const isNext = true',
    caughtBy: { ...candidates, named: 'fifty idle candidates' },
  },
  {
    name: 'a waiter that becomes the next in line looks no sooner',
    file: 'packages/holdfast/src/wait/queued-claim.ts',
    find: "      if (last === 'head') this.lookWithin(Math.min(this.ttlMs, PROVISIONAL_LIFE_MS) / 3)\n",
    replace: '',
    caughtBy: { tests: ['packages/holdfast/src/wait/local-waiters.test.ts'], named: 'a waiter behind others looks' },
  },
]
