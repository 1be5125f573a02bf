/** Damages to once-only work: what is written down and when, what is read again, and what a late end may change. */
import type { Check, Mutant } from './mutant.ts'

const FOLDER = 'packages/holdfast/src/recipes/once'
const named = (test: string): Check => ({ tests: [`${FOLDER}/once.test.ts`], named: test })

export const onceMutants: readonly Mutant[] = [
  {
    name: 'once: what another call did meanwhile is not looked at',
    file: `${FOLDER}/line-once.ts`,
    find: 'if (meanwhile !== undefined) return meanwhile.returned',
    replace: '',
    caughtBy: named('that come at once'),
  },
  {
    name: 'once: a beginning is not written down',
    file: `${FOLDER}/line-once.ts`,
    find: 'await book.put(lease, book.begun(told))',
    replace: '',
    caughtBy: named('is refused until it is settled'),
  },
  {
    name: 'once: an interrupted work is run again although that was refused',
    file: `${FOLDER}/line-once.ts`,
    find: "found?.state === 'running' && !this.#plan.runsAgain",
    replace: "found?.state === 'done' && !this.#plan.runsAgain",
    caughtBy: named('is refused until it is settled'),
  },
  {
    name: 'once: a failure wipes out the outcome that the work has committed',
    file: `${FOLDER}/line-once.ts`,
    find: 'if ((await this.#ownOutcome(lease, given)) !== undefined) return\n',
    replace: '',
    caughtBy: named('stand together'),
  },
  {
    name: 'once: an outcome that was rolled back stands',
    file: `${FOLDER}/line-once.ts`,
    find: "found?.state === 'done' && found.token === lease.ref.token ? found",
    replace: 'given.hasWritten ? found',
    caughtBy: named('are rolled back together'),
  },
  {
    name: 'once: an outcome that cannot be read counts as rolled back',
    file: `${FOLDER}/line-once.ts`,
    find: 'const found = await this.#plan.book.enter(lease)\n    return found?.state',
    replace: 'const found = await this.#plan.book.enter(lease).catch(() => undefined)\n    return found?.state',
    caughtBy: named('stands also where the ledger cannot be read'),
  },
  {
    name: 'once: a key is the same whatever is asked for',
    file: `${FOLDER}/line-once.ts`,
    find: 'found.fingerprint !== fingerprint',
    replace: "found.fingerprint === ''",
    caughtBy: named('with another fingerprint'),
  },
  {
    name: 'once: an outcome is remembered for ever',
    file: 'packages/holdfast/src/recipes/key-book/key-entry.ts',
    find: 'nowMs >= entry.untilMs',
    replace: 'nowMs < 0',
    caughtBy: named('later than `keep`'),
  },
  {
    name: 'once: a work that nobody wrote down counts as done',
    file: `${FOLDER}/line-once.ts`,
    find: 'throw new OutcomeUnknown(words, { resource: lease.name, cause })',
    replace: 'return end.returned',
    caughtBy: named('makes the outcome of a work that has returned unknown'),
  },
  {
    name: 'once: an attempt that was never finished may be removed',
    file: 'packages/holdfast/src/recipes/key-book/key-book.ts',
    find: 'entry.untilMs === undefined ? { value } :',
    replace: 'entry.attempt === 0 ? { value } :',
    caughtBy: { tests: [`${FOLDER}/retention.test.ts`], named: 'may be removed a day after' },
  },
]
