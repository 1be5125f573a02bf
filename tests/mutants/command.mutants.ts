/** Damages to the command: what it takes, what it gives back, and whom it tells. */
import type { Check, Mutant } from './mutant.ts'

const FOLDER = 'packages/cli/src'
const run = (test: string): Check => ({ tests: [`${FOLDER}/run-locks.test.ts`], named: test })
const hold = (test: string): Check => ({ tests: [`${FOLDER}/hold.test.ts`], named: test })

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
  {
    name: 'command: a held lock outlives its script',
    file: `${FOLDER}/hold.ts`,
    find: 'if (process.ppid !== PARENT) onEnd()',
    replace: '',
    caughtBy: hold('is given back when the script ends'),
  },
  {
    name: 'command: a held lock is given back before the script has cleaned up',
    file: `${FOLDER}/hold.ts`,
    find: 'isForAll && this.#stdin.isTTY',
    replace: 'isForAll',
    caughtBy: hold('is held from the line with its token to TERM'),
  },
  {
    name: 'command: a configuration that a group may write to chooses the store',
    file: `${FOLDER}/config-file.ts`,
    find: 'const OTHERS_WRITE = 0o022',
    replace: 'const OTHERS_WRITE = 0o002',
    caughtBy: { tests: [`${FOLDER}/store-choice.test.ts`], named: 'that others may write is exit code 2' },
  },
  {
    name: 'command: the file of an earlier holder says that a lock is held',
    file: `${FOLDER}/ready-file.ts`,
    find: '      rmSync(path, { force: true })\n      closeSync',
    replace: '      closeSync',
    caughtBy: hold('that is busy is exit code 75'),
  },
]
