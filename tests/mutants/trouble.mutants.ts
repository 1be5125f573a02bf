/** Damages to what the client does about trouble around a lock: suspended machines, slow stores, other people's code. */
import type { Check, Mutant } from './mutant.ts'

const tests = (...files: readonly [string, ...string[]]): Check => ({ tests: files })
const trouble = tests('packages/holdfast/src/client/trouble.test.ts')
const asking = tests('packages/holdfast/src/wait/claim-calls.test.ts')
const lateAnswers = tests('packages/holdfast/src/wait/late-answers.test.ts')

const opening = (named: string): Check => ({ tests: ['packages/holdfast/src/client/opening.test.ts'], named })

export const troubleMutants: readonly Mutant[] = [
  {
    name: 'a machine that was suspended is not noticed',
    file: 'packages/holdfast/src/time/clock-jump.ts',
    find: 'if (Math.abs(apartMs) > JUMP_MS) this.#onJump()',
    replace: 'void apartMs',
    caughtBy: trouble,
  },
  {
    name: 'the answer to an earlier ask is thrown away',
    file: 'packages/holdfast/src/wait/claim-calls.ts',
    find: 'for (const call of earlier) call.then(resolve, () => undefined)',
    replace: 'void earlier',
    caughtBy: lateAnswers,
  },
  {
    name: 'an answer that came late answers for ever',
    file: 'packages/holdfast/src/wait/claim-calls.ts',
    find: 'earlier.length = 0',
    replace: '',
    caughtBy: asking,
  },
  {
    name: 'an ask that failed at once is waited for',
    file: 'packages/holdfast/src/wait/claim-calls.ts',
    find: 'if (place >= 0) void earlier.splice(place, 1)',
    replace: '',
    caughtBy: asking,
  },
  {
    name: 'who no longer waits asks once more',
    file: 'packages/holdfast/src/wait/acquire.ts',
    find: 'this.#limit.throwIfOver()\n      const standing',
    replace: 'const standing',
    caughtBy: asking,
  },
  {
    name: 'a failed renewal of a long lease is repeated only after a share of its life',
    file: 'packages/holdfast/src/lease/renewal-schedule.ts',
    find: 'Math.min(Math.max(RETRY_MS_MIN, this.#renewable.lifeMs * RETRY_SHARE), RETRY_MS_MAX)',
    replace: 'Math.max(RETRY_MS_MIN, this.#renewable.lifeMs * RETRY_SHARE)',
    caughtBy: trouble,
  },
  {
    name: 'an eviction is noticed at the next renewal only',
    file: 'packages/holdfast/src/lease/held-lease.ts',
    find: 'Math.min(leftMs, WATCH_AFTER_MS)',
    replace: 'leftMs',
    caughtBy: trouble,
  },
  {
    name: 'a release waits for the store as long as the lease',
    file: 'packages/holdfast/src/lease/held-lease.ts',
    find: 'leftWithin(timers, request, ATTEMPT_MS_MAX)',
    replace: 'leftWithin(timers, request, lastsMs)',
    caughtBy: trouble,
  },
  {
    name: 'a logger that throws reaches the lock',
    file: 'packages/holdfast/src/client/events.ts',
    find: '    } catch {\n      // Nothing is left to report it to.\n',
    replace: '    } catch (more) {\n      throw more\n',
    caughtBy: trouble,
  },
  {
    name: 'an opening is asked for again although the word of the store is final',
    file: 'packages/holdfast/src/client/open-store.ts',
    find: 'return isEngineError && !error.isFinal',
    replace: 'return isEngineError',
    caughtBy: opening('ends an opening and a wait for it at once'),
  },
  {
    name: 'a wait goes on although the store can never open',
    file: 'packages/holdfast/src/wait/acquire.ts',
    find: 'if (!(error instanceof StoreUnavailable) || error.isFinal) throw error',
    replace: 'if (!(error instanceof StoreUnavailable)) throw error',
    caughtBy: opening('ends an opening and a wait for it at once'),
  },
  {
    name: 'a claim in line gives up at the first final word',
    file: 'packages/holdfast/src/wait/acquire.ts',
    find: 'return !this.#wasAnswered || nowMs - this.#finalSinceMs >= FINAL_AFTER_ANSWER_MS',
    replace: 'return nowMs >= this.#finalSinceMs',
    caughtBy: opening('ends the wait of a claim in line only when it lasts'),
  },
  {
    name: 'a claim in line never believes a final word',
    file: 'packages/holdfast/src/wait/acquire.ts',
    find: 'return !this.#wasAnswered || nowMs - this.#finalSinceMs >= FINAL_AFTER_ANSWER_MS',
    replace: 'return !this.#wasAnswered && nowMs >= this.#finalSinceMs',
    caughtBy: opening('ends the wait of a claim in line only when it lasts'),
  },
  {
    name: 'work begins under a lease that is lost already',
    file: 'packages/holdfast/src/recipes/lock.ts',
    find: 'if (!leases.every((lease) => lease.isHeld())) {',
    replace: 'if (leases.length === 0) {',
    caughtBy: tests('packages/holdfast/src/client/every-point.test.ts'),
  },
  {
    name: 'a weaker lease is shared with a request for more',
    file: 'packages/holdfast/src/client/reentry.ts',
    find: 'outer.shape.capacity === shape.capacity && outer.shape.weight >= shape.weight',
    replace: 'outer.shape.capacity >= 1',
    caughtBy: trouble,
  },
  {
    name: 'a store is not asked what it lacks',
    file: 'packages/holdfast/src/client/client.ts',
    find: '(shape.needs === undefined ? undefined : unsupported[shape.needs])',
    replace: 'undefined',
    caughtBy: trouble,
  },
  {
    name: 'one store serves two clients',
    file: 'packages/holdfast/src/holdfast.ts',
    find: '  taken.add(store)\n',
    replace: '',
    caughtBy: trouble,
  },
]
