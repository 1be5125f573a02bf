/** Damages to the hand-over: what is still sent by the giver, who may adopt, and how long an adoption shuts others out. */
import type { Check, Mutant } from './mutant.ts'

const FOLDER = 'packages/holdfast/src/recipes/hand-over'
const named = (test: string): Check => ({ tests: [`${FOLDER}/hand-over.test.ts`], named: test })

export const handOverMutants: readonly Mutant[] = [
  {
    name: 'hand-over: the giver goes on to hold',
    file: `${FOLDER}/hand-over-claim.ts`,
    find: '  held.disarm()\n',
    replace: '',
    caughtBy: named('is never free in between'),
  },
  {
    name: 'hand-over: the release of the giver gives the lock back',
    file: 'packages/holdfast/src/lease/held-lease.ts',
    find: "    this.#releasing ??= Promise.resolve('released')\n",
    replace: '',
    caughtBy: named('is never free in between'),
  },
  {
    name: 'hand-over: the mutex of an adoption ends before the lease does',
    file: `${FOLDER}/adopted-lease.ts`,
    find: 'ttlMs: settings.ttlMs * 2 + LONGER_MS, lockDelayMs }',
    replace: 'ttlMs: settings.ttlMs / 2, lockDelayMs: 0 }',
    caughtBy: named('is never adopted a second time'),
  },
  {
    name: 'hand-over: the mutex of an adoption is given back with the lease that is lost',
    file: `${FOLDER}/adopted-lease.ts`,
    find: 'inner.loss !== undefined && place.stopRenewing()',
    replace: 'void place.release()',
    caughtBy: named('leaves the mutex of its adoption taken'),
  },
  {
    name: 'hand-over: the answer to an earlier renewal counts as the last one',
    file: `${FOLDER}/hand-over-claim.ts`,
    find: ' && lease.lifeMs > wantedMs - 1',
    replace: '',
    caughtBy: named('does not take the answer to an earlier renewal'),
  },
  {
    name: 'hand-over: a claim dies with the process that took it',
    file: 'packages/holdfast/src/line/transition.ts',
    find: 'const owned = outlives ? { ...noted, channel: NO_PROCESS } : noted',
    replace: 'const owned = noted',
    caughtBy: named('belongs to no process'),
  },
  {
    name: 'hand-over: an error shows the text',
    file: `${FOLDER}/hand-over-text.ts`,
    find: 'throw notOne()\n  const parts',
    replace: 'throw new Misuse(text)\n  const parts',
    caughtBy: named('without showing it'),
  },
]
