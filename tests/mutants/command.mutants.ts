/** Damages to the command: what it takes, what it gives back, and whom it tells. */
import type { Check, Mutant } from './mutant.ts'

const FOLDER = 'packages/cli/src'
const run = (test: string): Check => ({ tests: [`${FOLDER}/run-locks.test.ts`], named: test })

export const commandMutants: readonly Mutant[] = [
  {
    name: 'command: of several locks the loss of the first alone stops the command',
    file: `${FOLDER}/grant.ts`,
    find: 'AbortSignal.any(leases.map((lease) => lease.signal))',
    replace: 'first.signal',
    caughtBy: run('loses all with one of them'),
  },
  {
    name: 'command: a run waits for a lock of its own ancestor',
    file: `${FOLDER}/ancestry.ts`,
    find: 'if (name === undefined || !wanted.includes(name)) continue',
    replace: 'if (name === undefined || wanted[0] !== name) continue',
    caughtBy: run('cannot wait for a lock of a run around it'),
  },
]
