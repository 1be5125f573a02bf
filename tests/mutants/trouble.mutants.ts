/** Damages to what the client does about trouble around a lock: suspended machines, slow stores, other people's code. */
import type { Check, Mutant } from './mutant.ts'

const source = (file: string): string => `packages/holdfast/src/${file}`
const tests = (...files: readonly [string, ...string[]]): Check => ({ tests: files })
const trouble = tests(source('core/trouble.test.ts'))
const asking = tests(source('core/asking.test.ts'))
const lateAnswers = tests(source('core/late-answers.test.ts'))

export const troubleMutants: readonly Mutant[] = [
  {
    name: 'a machine that was suspended is not noticed',
    file: source('core/pulse.ts'),
    find: 'if (Math.abs(apartMs) > JUMP_MS) this.#onJump()',
    replace: 'void apartMs',
    caughtBy: trouble,
  },
  {
    name: 'the answer to an earlier ask is thrown away',
    file: source('core/asking.ts'),
    find: 'for (const call of earlier) call.then(resolve, () => undefined)',
    replace: 'void earlier',
    caughtBy: lateAnswers,
  },
  {
    name: 'an answer that came late answers for ever',
    file: source('core/asking.ts'),
    find: 'earlier.clear()',
    replace: '',
    caughtBy: asking,
  },
  {
    name: 'an ask that failed at once is waited for',
    file: source('core/asking.ts'),
    find: 'call.then(late, () => earlier.delete(call))',
    replace: 'call.then(late, () => undefined)',
    caughtBy: asking,
  },
  {
    name: 'who no longer waits asks once more',
    file: source('core/waiting.ts'),
    find: 'this.#patience.throwIfOver()\n      const standing',
    replace: 'const standing',
    caughtBy: asking,
  },
  {
    name: 'a failed renewal of a long lease is repeated only after a share of its life',
    file: source('core/held.ts'),
    find: 'Math.min(Math.max(RETRY_MS_MIN, this.#lifeMs * RETRY_SHARE), RETRY_MS_MAX)',
    replace: 'Math.max(RETRY_MS_MIN, this.#lifeMs * RETRY_SHARE)',
    caughtBy: trouble,
  },
  {
    name: 'an eviction is noticed at the next renewal only',
    file: source('core/held.ts'),
    find: 'this.#grantedAt.monotonicMs + WATCH_AFTER_MS',
    replace: 'Number.POSITIVE_INFINITY',
    caughtBy: trouble,
  },
  {
    name: 'a release waits for the store as long as the lease',
    file: source('core/held.ts'),
    find: "answerWithin(alarms, leaving, ATTEMPT_MS_MAX, 'release')",
    replace: "answerWithin(alarms, leaving, lastsMs, 'release')",
    caughtBy: trouble,
  },
  {
    name: 'a logger that throws reaches the lock',
    file: source('core/events.ts'),
    find: '    } catch {\n      // There is nobody left to tell.\n',
    replace: '    } catch (more) {\n      throw more\n',
    caughtBy: trouble,
  },
  {
    name: 'work begins under a lease that is lost already',
    file: source('recipes/lock.ts'),
    find: 'if (!leases.every((lease) => lease.isHeld())) {',
    replace: 'if (leases.length === 0) {',
    caughtBy: tests(source('core/every-point.test.ts')),
  },
  {
    name: 'a weaker lease is shared with a request for more',
    file: source('core/reentry.ts'),
    find: 'outer.capacity === request.capacity && outer.weight >= request.weight',
    replace: 'outer.capacity >= 1',
    caughtBy: trouble,
  },
  {
    name: 'a store is not asked what it lacks',
    file: source('core/session.ts'),
    find: '(request.needs === undefined ? undefined : lacks[request.needs])',
    replace: 'undefined',
    caughtBy: trouble,
  },
  {
    name: 'one store serves two clients',
    file: source('holdfast.ts'),
    find: '  taken.add(store)\n',
    replace: '',
    caughtBy: trouble,
  },
]
