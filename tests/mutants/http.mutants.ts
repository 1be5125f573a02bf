/** Damages to the store over HTTP and to the seam that it speaks to: what an answer is, how long it counts, and which server has a claim. */
import type { Check, Mutant } from './mutant.ts'

const http = 'packages/holdfast/src/stores/http'
const driver = 'packages/holdfast/src/stores/http-driver'
const server = 'packages/server/src'
const answers = (named: string): Check => ({ tests: [`${http}/store.test.ts`], named })
const seam = (named: string): Check => ({ tests: [`${server}/seam.test.ts`], named })
const lives = (named: string): Check => ({ tests: [`${server}/claim-lives.test.ts`], named })

export const httpMutants: readonly Mutant[] = [
  {
    name: 'http: the words of something on the way are those of the server',
    file: `${driver}/errors.ts`,
    find: ' || type !== `${TYPE}${code}`',
    replace: '',
    caughtBy: answers('a code without a problem of ours'),
  },
  {
    name: 'http: a life counts from the arrival of its answer',
    file: `${driver}/answers.ts`,
    find: 'Math.min(askedAfterMs, nowMs - sentAt.monotonicMs)',
    replace: 'nowMs - sentAt.monotonicMs',
    caughtBy: answers('counts from before the request was sent'),
  },
  {
    name: 'http: a life counts from a moment that has not come',
    file: `${driver}/answers.ts`,
    find: 'Math.min(askedAfterMs, nowMs - sentAt.monotonicMs)',
    replace: 'askedAfterMs',
    caughtBy: answers('from a moment that has not come'),
  },
  {
    name: 'http: a stream that broke leaves its watches waiting',
    file: `${driver}/told-watches.ts`,
    find: 'end: () => resolve(request.ended),',
    replace: 'end: () => undefined,',
    caughtBy: answers('that is cut, or says what cannot be read'),
  },
  {
    name: 'http: another server ends a claim before its time',
    file: `${http}/claim-instances.ts`,
    find: 'return nowMs >= (',
    replace: 'return nowMs > 0 || nowMs >= (',
    caughtBy: answers('is no end of the claim before its time'),
  },
  {
    name: 'seam: a grant dies with the server',
    file: `${server}/seam.ts`,
    find: 'ttlMs, outlives: true }',
    replace: 'ttlMs, outlives: false }',
    caughtBy: seam('takes no grant along'),
  },
  {
    name: 'seam: a claim of a dead program lives as long as the session',
    file: `${server}/claim-lives.ts`,
    find: 'if (life.requests === 0) this.#arm(life)',
    replace: 'if (life.requests < 0) this.#arm(life)',
    caughtBy: lives('is left when its belief is over'),
  },
  {
    name: 'seam: a claim is left while its renewal is under way',
    file: `${server}/claim-lives.ts`,
    find: 'life.requests += 1\n    clearTimeout(life.timer)',
    replace: 'life.requests += 1',
    caughtBy: lives('is not left while a renewal is under way'),
  },
  {
    name: 'seam: a caller has its prefix in every namespace',
    file: `${server}/seam-routes.ts`,
    find: "if (caller.prefix !== '' && named !== namespace)",
    replace: "if (caller.prefix !== '' && named === '')",
    caughtBy: seam('has the names under it in the namespace'),
  },
]
