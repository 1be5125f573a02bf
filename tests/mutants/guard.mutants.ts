/** Damages to what guards believe, to the guard of SQLite, and to the check of a sequencer. */
import type { Check, Mutant } from './mutant.ts'

const fenceFile = 'packages/holdfast/src/guards/sqlite/fence.ts'
const guardTests: Check = {
  tests: [
    'packages/holdfast/src/guards/sqlite/fence.test.ts',
    'packages/holdfast/src/guards/sqlite/transactions.test.ts',
  ],
}
const seeds = (from: number, count: number): Check => ({ seeds: { from, count } })

export const guardMutants: readonly Mutant[] = [
  {
    name: 'guard: entering does not raise the mark',
    file: fenceFile,
    find: "transaction(db, 'IMMEDIATE', () => marks.pass(admission))",
    replace: "transaction(db, 'IMMEDIATE', () => marks.compare(admission))",
    caughtBy: guardTests,
  },
  {
    name: 'guard: any token passes',
    file: fenceFile,
    find: 'WHERE mark.token <= excluded.token RETURNING 1',
    replace: 'WHERE 1 RETURNING 1',
    caughtBy: seeds(1, 40),
  },
  {
    name: 'guard: the own token is refused the second time',
    file: fenceFile,
    find: 'WHERE mark.token <= excluded.token RETURNING 1',
    replace: 'WHERE mark.token < excluded.token RETURNING 1',
    caughtBy: seeds(1, 2),
  },
  {
    name: 'guard: a shared holder raises the mark',
    file: fenceFile,
    find: '      const { resource, token, stale } = admission\n      if (!admission.raises) return void compare(admission)',
    replace: '      const { resource, token, stale } = admission',
    caughtBy: guardTests,
  },
  {
    name: 'guard: a shared holder is not compared',
    file: fenceFile,
    find: '      const { resource, token, stale } = admission\n      if (!admission.raises) return void compare(admission)',
    replace: '      const { resource, token, stale } = admission\n      if (!admission.raises) return',
    caughtBy: guardTests,
  },
  {
    name: 'guard: a lease that is known to be lost passes',
    file: 'packages/holdfast/src/guards/admission.ts',
    find: '    holder.assertHeld()\n',
    replace: '',
    caughtBy: guardTests,
  },
  {
    name: 'guard: data that came in as text is a holder',
    file: 'packages/holdfast/src/guards/admission.ts',
    find: "if ('assertHeld' in holder && typeof holder.assertHeld === 'function') return",
    replace: "if ('token' in holder) return",
    caughtBy: guardTests,
  },
  {
    name: 'guard: the mark is made inside the transaction of the caller',
    file: fenceFile,
    find: '      marks.passEntered(admission)',
    replace: '      marks.pass(admission)',
    caughtBy: guardTests,
  },
  {
    name: 'guard: in the transaction of the caller the write lock is not taken',
    file: fenceFile,
    find: 'if (touch.all(resource, token).length > 0) return',
    replace: 'if (markOf(resource) === token) return',
    caughtBy: guardTests,
  },
  {
    name: 'guard: nobody looks whether the work ended the transaction',
    file: fenceFile,
    find: '        confirm(db, marks, admission)\n',
    replace: '',
    caughtBy: guardTests,
  },
  {
    name: 'guard: a mark that the work rolled back is not missed',
    file: fenceFile,
    find: 'if (mark === admission.token || !admission.raises) return',
    replace: 'if (mark <= admission.token) return',
    caughtBy: guardTests,
  },
  {
    name: 'sequencer: the mode of the text is not compared with that of its receiver',
    file: 'packages/holdfast/src/lease/sequencer.ts',
    find: 'if (formatSequencer({ ...expected, token }) !== text) {',
    replace: 'if (expected.namespace !== namespace || expected.name !== name) {',
    caughtBy: { tests: ['packages/holdfast/src/lease/sequencer.test.ts'] },
  },
  {
    name: 'check: the mode in the text is believed',
    file: 'packages/holdfast/src/holdfast.ts',
    find: 'holder !== undefined && isOfMode(mode, holder.weight, capacity)',
    replace: 'holder !== undefined',
    caughtBy: {
      tests: ['packages/holdfast/src/stores/lock-conformance.test.ts'],
      named: 'write side on memory, virtual time > a sequencer is live',
    },
  },
  {
    name: 'check: a permit weighs as a mutex',
    file: 'packages/holdfast/src/lease/lock-shape.ts',
    find: 'weight === capacity && (capacity === 1 || capacity === READERS_CAPACITY)',
    replace: 'weight === 1 || capacity === READERS_CAPACITY',
    caughtBy: { tests: ['packages/holdfast/src/holdfast.test.ts'] },
  },
]
