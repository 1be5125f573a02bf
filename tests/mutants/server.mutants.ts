/** Damages to the server: what a program far away may believe, and who may ask. */
import type { Check, Mutant } from './mutant.ts'

const tests: Check = { tests: ['packages/server/src/server.test.ts'] }
const reading: Check = { tests: ['packages/server/src/event-stream.test.ts'] }
const picture: Check = { tests: ['packages/server/src/picture.test.ts'] }
const session: Check = { tests: ['packages/server/src/session.test.ts'] }
const dashboard: Check = { tests: ['packages/server/src/dashboard.test.ts'] }
const page: Check = { tests: ['packages/server/src/page/page.test.ts'] }
const FOLDER = 'packages/server/src'

export const serverMutants: readonly Mutant[] = [
  {
    name: 'server: one lease that is over spoils the renewals of the others',
    file: `${FOLDER}/routes.ts`,
    find: '        return { name, problem: problemOf(error) }\n',
    replace: '        throw error\n',
    caughtBy: { ...tests, named: 'one that is over spoils none' },
  },
  {
    name: 'server: the claims of one process are those of all whose names begin like it',
    file: `${FOLDER}/owner-claims.ts`,
    find: 'claim.owner.startsWith(`${owner}/`)',
    replace: 'claim.owner.startsWith(owner)',
    caughtBy: { ...picture, named: 'what one process holds and waits for' },
  },
  {
    name: 'server: an eviction is done that is written down nowhere',
    file: `${FOLDER}/audit.ts`,
    find: '    if (this.#write(event, caller, details)) return\n',
    replace: '    if (this.#write(event, caller, details) || this.#path !== undefined) return\n',
    caughtBy: { tests: [`${FOLDER}/audit.test.ts`], named: 'on a full disk nothing is evicted' },
  },
  {
    name: 'server: who guesses tokens fills the audit',
    file: `${FOLDER}/audit.ts`,
    find: 'if (nowMs - this.#refusedAtMs < REFUSAL_PACE_MS) return',
    replace: 'if (nowMs - this.#refusedAtMs < 0) return',
    caughtBy: { tests: [`${FOLDER}/audit.test.ts`], named: 'have a line each, with who did it' },
  },
  {
    name: 'server: a key that every user may read is taken',
    file: `${FOLDER}/encryption.ts`,
    find: 'const FOR_OTHER_USERS = 0o007',
    replace: 'const FOR_OTHER_USERS = 0o000',
    caughtBy: { tests: [`${FOLDER}/encryption.test.ts`], named: 'takes a renewed certificate' },
  },
  {
    name: 'server: a program believes from the arrival of the answer',
    file: `${FOLDER}/loan.ts`,
    find: 'beliefMs(Math.min(this.#endsAtMs, storeEndsAtMs, sessionEndsAtMs) - receivedMs)',
    replace: 'beliefMs(this.ttlMs * 2)',
    caughtBy: { ...tests, named: 'before anybody else gets the lock' },
  },
  {
    name: 'server: a wait is not counted',
    file: `${FOLDER}/loan.ts`,
    find: 'beliefMs(Math.min(this.#endsAtMs, storeEndsAtMs, sessionEndsAtMs) - receivedMs)',
    replace: 'beliefMs(this.ttlMs)',
    caughtBy: { ...tests, named: 'counts a wait as waited' },
  },
  {
    name: 'server: an id that is over takes the lock again',
    file: `${FOLDER}/loans.ts`,
    find: 'if (over !== undefined) throw new LeaseLost',
    replace: 'if (over === null) throw new LeaseLost',
    caughtBy: { ...tests, named: 'its id neither renews nor takes' },
  },
  {
    name: 'server: a program that goes away keeps its place in the line',
    file: `${FOLDER}/loans.ts`,
    find: 'if (pending.requests === 0) pending',
    replace: 'if (pending.requests < 0) pending',
    caughtBy: { ...tests, named: 'leaves no claim in the line' },
  },
  {
    name: 'server: a page that was rebound to its address gets in',
    file: `${FOLDER}/gate.ts`,
    find: 'if (!this.#hosts.has(host))',
    replace: 'if (this.#hosts.size === 0)',
    caughtBy: { ...tests, named: 'is shut to pages of browsers' },
  },
  {
    name: 'server: a scope is not asked for',
    file: `${FOLDER}/gate.ts`,
    find: 'if (!caller.scopes.has(scope))',
    replace: 'if (caller.scopes.size === 0)',
    caughtBy: { ...tests, named: 'lets nobody evict' },
  },
  {
    name: 'server: a limit costs a lease',
    file: `${FOLDER}/routes.ts`,
    find: '(?:renew|release|beat|end|leave',
    replace: '(?:release|beat|end|leave',
    caughtBy: { ...tests, named: 'counts no renewal towards the limit' },
  },
  {
    name: 'server: an end that cannot wait gives locks back under programs that believe',
    file: 'packages/cli/src/serve.ts',
    find: 'if (believers === 0) await locks.close()',
    replace: 'await locks.close()',
    caughtBy: { tests: ['packages/cli/src/serve.test.ts'], named: 'leaves it its lock' },
  },
  {
    name: 'server: a line that cannot be read is passed over in silence',
    file: `${FOLDER}/line-stream.ts`,
    find: "stream.put(name, { event: () => 'problem', data: () => ({ ...problemOf(error), name }) })",
    replace: 'void error',
    caughtBy: { ...reading, named: 'says so and ends' },
  },
  {
    name: 'server: a reader that takes nothing is kept',
    file: `${FOLDER}/event-stream.ts`,
    find: 'setTimeout(() => this.#outgoing.destroy(), this.#silenceMs)',
    replace: 'setTimeout(() => undefined, this.#silenceMs)',
    caughtBy: { ...reading, named: 'takes nothing is let go' },
  },
  {
    name: 'server: one event may be of any length',
    file: `${FOLDER}/line-stream.ts`,
    find: 'const EVENT_BYTES_MAX = 512 * 1024',
    replace: 'const EVENT_BYTES_MAX = 512 * 1024 * 1024',
    caughtBy: { ...reading, named: 'too long for an event is cut' },
  },
  {
    name: 'page: the name of a lock is markup',
    file: `${FOLDER}/page/html.ts`,
    find: "typeof value === 'string' || typeof value === 'number') return escapeText(String(value))",
    replace: "typeof value === 'string' || typeof value === 'number') return String(value)",
    caughtBy: { ...page, named: 'takes nothing of a lock for markup' },
  },
  {
    name: 'page: a lease that is still shown ends in less than nothing',
    file: `${FOLDER}/page/words.ts`,
    find: "leftMs > 0 ? durationText(Math.max(1_000, leftMs)) : 'should have ended'",
    replace: 'durationText(leftMs)',
    caughtBy: { ...page, named: 'never count below nothing' },
  },
  {
    name: 'page: locks that became free while the stream was broken stay',
    file: `${FOLDER}/page/line-table.ts`,
    find: 'for (const name of this.#rows.keys()) this.#doubtful.add(name)',
    replace: 'this.#doubtful.clear()',
    caughtBy: { ...page, named: 'doubtful until it is complete' },
  },
  {
    name: 'server: pages of another port of this machine get in',
    file: `${FOLDER}/gate.ts`,
    find: "site === 'same-origin'",
    replace: "site.startsWith('same')",
    caughtBy: { ...dashboard, named: 'no page of another origin' },
  },
  {
    name: 'server: any page may take a lock',
    file: `${FOLDER}/gate.ts`,
    find: '!(this.#hasPage && this.#isOwn(origin, host))',
    replace: '!this.#hasPage',
    caughtBy: { ...dashboard, named: 'no page of another origin' },
  },
  {
    name: 'server: the place of another server is taken for its own',
    file: `${FOLDER}/reader-routes.ts`,
    find: 'return from === instance ? Number(change) : undefined',
    replace: 'return from === undefined ? undefined : Number(change)',
    caughtBy: { ...picture, named: 'a place of another server' },
  },
  {
    name: 'server: a reader that comes back never hears what became free',
    file: `${FOLDER}/line-picture.ts`,
    find: 'this.#tombs.add(name, (this.#change += 1))',
    replace: 'this.#change += 1',
    caughtBy: { ...picture, named: 'and what became free' },
  },
  {
    name: 'server: a session is believed for longer than its beats prolong it',
    file: `${FOLDER}/loan.ts`,
    find: 'storeEndsAtMs, sessionEndsAtMs)',
    replace: 'storeEndsAtMs, sessionEndsAtMs + this.ttlMs)',
    caughtBy: { ...session, named: 'believed no longer than the session' },
  },
  {
    name: 'server: a beat prolongs no lease',
    file: `${FOLDER}/session.ts`,
    find: 'for (const loan of this.#loans) loan.prolong(receivedMs)',
    replace: 'void receivedMs',
    caughtBy: { ...session, named: 'one beat prolongs every lease' },
  },
  {
    name: 'server: a lease that was lost is not told with the beat',
    file: `${FOLDER}/session.ts`,
    find: 'this.#lost.push(',
    replace: 'void (',
    caughtBy: { ...session, named: 'told with the next beat' },
  },
  {
    name: 'server: a session that ended takes a lock',
    file: `${FOLDER}/session.ts`,
    find: 'if (this.#isOver)',
    replace: 'if (this.#loans.size < 0)',
    caughtBy: { ...session, named: 'given back at once' },
  },
  {
    name: 'server: a limit costs a session',
    file: `${FOLDER}/routes.ts`,
    find: '(?:renew|release|beat|end|leave',
    replace: '(?:renew|release|end|leave',
    caughtBy: { ...session, named: 'beats are never limited' },
  },
]
