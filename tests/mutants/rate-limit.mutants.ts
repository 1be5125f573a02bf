/** Damages to a rate limit: who ends a permit, what counts twice, when to come again, and what passes while the store is away. */
import type { Check, Mutant } from './mutant.ts'

const FOLDER = 'packages/holdfast/src/recipes/rate-limit'
const named = (test: string): Check => ({ tests: [`${FOLDER}/rate-limit.test.ts`], named: test })

export const rateLimitMutants: readonly Mutant[] = [
  {
    name: 'rate limit: a wait goes on although no permit can end within it',
    file: `${FOLDER}/line-rate.ts`,
    find: 'if (waitedMs + answer.retryAfterMs > waitMs)',
    replace: 'if (waitedMs > waitMs)',
    caughtBy: named('is refused at once where no permit'),
  },
  {
    name: 'rate limit: permits end with the process that took them',
    file: `${FOLDER}/line-rate.ts`,
    find: 'await this.#givenBack(claim, standing.token)',
    replace: '',
    caughtBy: { tests: [`${FOLDER}/killed.test.ts`], named: 'count to their end' },
  },
  {
    name: 'rate limit: a permit that is given back does not count',
    file: `${FOLDER}/line-rate.ts`,
    find: '{ keepMs: this.#plan.perMs }',
    replace: '{ keepMs: 0 }',
    caughtBy: named('are as many as the limit'),
  },
  {
    name: 'rate limit: an answer that was lost is the end',
    file: `${FOLDER}/line-rate.ts`,
    find: 'error instanceof OutcomeUnknown && !isFinal(error)',
    replace: 'error instanceof Misuse && !isFinal(error)',
    caughtBy: named('loses the answer of a take'),
  },
  {
    name: 'rate limit: a call for many is told the end of the oldest permit',
    file: `${FOLDER}/line-rate.ts`,
    find: 'weightOf(claims) + count - limit',
    replace: 'weightOf(claims) + 1 - limit',
    caughtBy: named('are as many as the limit'),
  },
  {
    name: 'rate limit: a store that is away lets pass what it was not asked about',
    file: `${FOLDER}/line-rate.ts`,
    find: '!isPassing(error) || !this.#plan.passesWhenAway',
    replace: '!isPassing(error)',
    caughtBy: named('no silent pass'),
  },
  {
    name: 'rate limit: a refusal is forgotten when the line cannot be read',
    file: `${FOLDER}/line-rate.ts`,
    find: 'return Math.max(1, Math.ceil(recheckInMs ?? perMs))',
    replace: 'throw new OutcomeUnknown(name)',
    caughtBy: named('still leaves a refusal'),
  },
  {
    name: 'rate limit: a full record is a refusal that passes',
    file: `${FOLDER}/line-rate.ts`,
    find: "because === 'full'",
    replace: "because === 'capacity'",
    caughtBy: named('a record that is full'),
  },
  {
    name: 'rate limit: permits that a process observes count as exact',
    file: `${FOLDER}/permit-support.ts`,
    find: "expiry === 'observed'",
    replace: "expiry !== 'engine' && perMs === 0",
    caughtBy: { tests: [`${FOLDER}/permit-support.test.ts`], named: 'observed' },
  },
]
