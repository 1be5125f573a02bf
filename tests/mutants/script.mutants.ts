/** Damages to what scripts learn from the command, which no person looks at. */
import type { Check, Mutant } from './mutant.ts'

const script: Check = { tests: ['packages/cli/src/script.test.ts'] }

export const scriptMutants: readonly Mutant[] = [
  {
    name: 'check: a lock that is gone is no failure',
    file: 'packages/cli/src/check.ts',
    find: "state === 'live' ? exitCodes.ok",
    replace: 'state !== undefined ? exitCodes.ok',
    caughtBy: { ...script, named: 'gone after it' },
  },
  {
    name: 'check: a sequencer of another namespace is looked for in the namespace of the command',
    file: 'packages/cli/src/check.ts',
    find: 'withLocks(context, { ...options, namespace }, async',
    replace: 'withLocks(context, options, async',
    caughtBy: { ...script, named: 'gone after it' },
  },
  {
    name: 'inspect: a free lock ends with 0 although a script asks',
    file: 'packages/cli/src/look.ts',
    find: 'exitCode === true && !isHeld',
    replace: 'exitCode === true && isHeld',
    caughtBy: { ...script, named: 'whether anything is held' },
  },
]
