/** Damages to the shared half of the record stores. */
import type { Check, Mutant } from './mutant.ts'

const memoryTests: Check = { tests: ['packages/holdfast/src/stores/memory/store.test.ts'] }
const conformance: Check = {
  tests: ['packages/holdfast/src/stores/conformance.test.ts'],
  named: 'records, ',
}
const tests = (file: string): Check => ({ tests: [file] })
const ownNews = tests('packages/holdfast/src/stores/records/own-news.test.ts')
const pushed = tests('packages/holdfast/src/stores/records/pushed-grants.test.ts')

export const recordMutants: readonly Mutant[] = [
  {
    name: 'records: a process tells itself of a change that it did not make',
    file: 'packages/holdfast/src/stores/records/own-news.ts',
    find: 'if (swapped.version !== undefined) tell(news)',
    replace: 'tell(news)',
    caughtBy: ownNews,
  },
  {
    name: 'records: what a process told itself is believed after a later answer',
    file: 'packages/holdfast/src/stores/records/waiting-claims.ts',
    find: ' || (own !== undefined && own.line.lastToken <= lastToken)',
    replace: '',
    caughtBy: ownNews,
  },
  {
    name: 'records: a life that a process told itself of counts from after the write',
    file: 'packages/holdfast/src/stores/records/store.ts',
    find: 'newsOfLine(own.line, own.now, own.askedAt)',
    replace: 'newsOfLine(own.line, own.now, { ...askedAt, monotonicMs: askedAt.monotonicMs + 1 })',
    caughtBy: ownNews,
  },
  {
    name: 'records: nobody is told of a grant',
    file: 'packages/holdfast/src/stores/records/transaction.ts',
    find: 'for (const claim of done.notify) this.#notify(resource, claim, before.lastToken)',
    replace: '',
    caughtBy: memoryTests,
  },
  {
    name: 'records: a grant from before the last answer is believed',
    file: 'packages/holdfast/src/stores/records/waiting-claims.ts',
    find: ' && grant.token > answer.lastToken',
    replace: '',
    caughtBy: pushed,
  },
  {
    name: 'records: a notice that comes before its answer is forgotten',
    file: 'packages/holdfast/src/stores/records/waiting-claims.ts',
    find: 'if (this.#news.has(id)) this.#news.set(id, true)\n    const answer',
    replace: 'if (this.#answers.has(id)) this.#news.set(id, true)\n    const answer',
    caughtBy: tests('packages/holdfast/src/stores/records/first-look.test.ts'),
  },
  {
    name: 'records: a look that failed answers what was told before it',
    file: 'packages/holdfast/src/stores/records/waiting-claims.ts',
    find: '      if (this.#news.has(id)) this.#news.set(id, true)\n      throw error',
    replace: '      throw error',
    caughtBy: tests('packages/holdfast/src/stores/records/first-look.test.ts'),
  },
  {
    name: 'records: what was answered holds although notices may have been missed',
    file: 'packages/holdfast/src/stores/records/waiting-claims.ts',
    find: 'for (const id of this.#news.keys()) this.#news.set(id, true)',
    replace: '',
    caughtBy: tests('packages/holdfast/src/stores/records/first-look.test.ts'),
  },
  {
    name: 'records: a grant whose life is over is believed',
    file: 'packages/holdfast/src/stores/records/waiting-claims.ts',
    find: 'if (askedAt.monotonicMs + lifeMs <= now.monotonicMs) return undefined',
    replace: '',
    caughtBy: pushed,
  },
  {
    name: 'records: a claim that was evicted is told that it was granted',
    file: 'packages/holdfast/src/stores/records/transaction.ts',
    find: ' || claim.token <= lastToken',
    replace: '',
    caughtBy: pushed,
  },
  {
    name: 'records: after a lost connection a grant is placed by the clock of the server before',
    file: 'packages/holdfast/src/stores/records/swap.ts',
    find: "if (typeof notice !== 'object') serverClock.forget()",
    replace: '',
    caughtBy: pushed,
  },
  {
    name: 'records: a watch misses what changed before it was called',
    file: 'packages/holdfast/src/stores/records/watchers.ts',
    find: '    else watcher.look()\n',
    replace: '',
    caughtBy: conformance,
  },
  {
    name: 'records: a notice that comes during a look is forgotten',
    file: 'packages/holdfast/src/stores/records/watchers.ts',
    find: 'if (isLooking) isStale = true\n      else if (!isOver) start()',
    replace: 'if (!isLooking && !isOver) start()',
    caughtBy: tests('packages/holdfast/src/stores/records/watchers.test.ts'),
  },
  {
    name: 'records: a swap that was lost counts as written',
    file: 'packages/holdfast/src/stores/records/swap.ts',
    find: 'if (swapped.version !== undefined) {',
    replace: 'if (swapped.version !== undefined || swaps > 1) {',
    caughtBy: tests('packages/holdfast/src/stores/records/swap.test.ts'),
  },
  {
    name: 'records: what was written here is seen anew when it is read',
    file: 'packages/holdfast/src/stores/records/swap.ts',
    find: 'const record = this.#observe(resource, decoded, now.nowMs)',
    replace: 'const { record } = decoded\n    void now',
    caughtBy: conformance,
  },
  {
    name: 'records: a renewal without a clock does not beat',
    file: 'packages/holdfast/src/stores/records/observations.ts',
    find: 'beat: (sight?.beat ?? 0) + 1',
    replace: 'beat: sight?.beat ?? 0',
    caughtBy: conformance,
  },
  {
    name: 'records: observed lives end without a margin for drift',
    file: 'packages/holdfast/src/stores/records/observations.ts',
    find: 'spanMs * (1 + DRIFT_SHARE) + MARGIN_MS',
    replace: 'spanMs * (1 - DRIFT_SHARE)',
    caughtBy: tests('packages/holdfast/src/stores/records/observations.test.ts'),
  },
  {
    name: 'records: a line of any length is written',
    file: 'packages/holdfast/src/stores/records/swap-text.ts',
    find: 'if (grows && text.length > RECORD_LENGTH_MAX) throw new RecordFull()',
    replace: '',
    caughtBy: tests('packages/holdfast/src/stores/records/swap.test.ts'),
  },
  {
    name: 'records: each ask is a write of its own',
    file: 'packages/holdfast/src/stores/records/combined-changes.ts',
    find: 'const TOGETHER_MAX = 64',
    replace: 'const TOGETHER_MAX = 1',
    caughtBy: tests('packages/holdfast/src/stores/records/swap.test.ts'),
  },
  {
    name: 'records: an ask that was not sent is not joined',
    file: 'packages/holdfast/src/stores/records/store.ts',
    find: 'if (unsent !== undefined) return unsent\n',
    replace: '',
    caughtBy: tests('packages/holdfast/src/stores/records/swap.test.ts'),
  },
]
