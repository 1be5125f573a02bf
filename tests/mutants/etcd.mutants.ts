/** Damages to the etcd store and to what session stores share: dead leases, hand-overs, waits, and answers that did not come. */
import type { Check, Mutant } from './mutant.ts'

const etcd = 'packages/holdfast/src/stores/etcd'
const driver = 'packages/holdfast/src/stores/etcd-driver'
const sessions = 'packages/holdfast/src/stores/sessions'
const onServer = (named: string, file = 'store'): Check => ({
  tests: [`${etcd}/${file}.test.ts`],
  named,
  engine: 'etcd',
})

export const etcdMutants: readonly Mutant[] = [
  {
    name: 'etcd: a waiter whose lease died is granted',
    file: `${etcd}/line.ts`,
    find: 'either([isCreatedAt(own.key, own.createRevision)], asked, [])',
    replace: 'either([], asked, [])',
    caughtBy: onServer('is not revived'),
  },
  {
    name: 'etcd: a waiter that gives up hands the lock over',
    file: `${etcd}/line.ts`,
    find: 'handoverIn(handover).createRevision >= previous.createRevision',
    replace: 'handoverIn(handover).createRevision >= 0n',
    caughtBy: onServer('is handed over by its holder alone'),
  },
  {
    name: 'etcd: the life is what was asked for and not what was granted',
    file: `${etcd}/leases.ts`,
    find: 'grantedMs: Number(ttl) * 1000',
    replace: 'grantedMs: ms',
    caughtBy: onServer('is what the server granted'),
  },
  {
    name: 'etcd: a claim enters although the base of the tokens was moved',
    file: `${etcd}/line.ts`,
    find: '      isModifiedAt(this.#keys.base, this.#base.modRevision),\n',
    replace: '',
    caughtBy: onServer('rise over an etcd that was made anew'),
  },
  {
    name: 'etcd: an eviction in front of the watch is not told',
    file: `${etcd}/watches.ts`,
    find: "onCreated: () => told('changed')",
    replace: 'onCreated: () => undefined',
    caughtBy: onServer('reach the holder at once'),
  },
  {
    name: 'etcd: what is not available was surely not carried out',
    file: `${driver}/errors.ts`,
    find: "[GRPC.unavailable]: ['unknown',",
    replace: "[GRPC.unavailable]: ['passing',",
    caughtBy: { tests: [`${driver}/hostile.test.ts`], named: 'half an encoded sign' },
  },
  {
    name: 'etcd: a message of any length is waited for',
    file: `${driver}/frames.ts`,
    find: 'length > MESSAGE_BYTES_MAX',
    replace: 'length > MESSAGE_BYTES_MAX * 100',
    caughtBy: { tests: [`${driver}/frames.test.ts`] },
  },
  {
    name: 'etcd: a token of a user that ended is not made anew',
    file: `${driver}/channel.ts`,
    find: 'if (this.#address.user === undefined || !isTokenRefused(error)) throw error',
    replace: 'if (isTokenRefused(error) || !isTokenRefused(error)) throw error',
    caughtBy: onServer('is renewed under a holder and a waiter', 'access'),
  },
  {
    name: 'etcd: an observer behind a compaction is told nothing',
    file: `${etcd}/watches.ts`,
    find: 'onLost: () => tell(seen) },',
    replace: 'onLost: () => undefined },',
    caughtBy: onServer('has compacted away', 'trouble'),
  },
  {
    name: 'etcd: certificates are not shown',
    file: 'packages/holdfast/src/stores/addresses/certificates.ts',
    find: '= { ...texts }',
    replace: '= {}',
    caughtBy: onServer('both sides show certificates', 'access'),
  },
  {
    name: 'etcd: a lease that ended is kept alive in memory',
    file: `${etcd}/leases.ts`,
    find: 'if (ttl <= 0n) session.isDead = true',
    replace: 'if (ttl < 0n) session.isDead = true',
    caughtBy: onServer('that an operator revoked is over'),
  },
  {
    name: 'etcd: an evicted claim goes on owning its key for its lease',
    file: `${etcd}/store.ts`,
    find: 'write(key, encodeClaim(lingering), (await this.#leases.grant(text.delayMs)).id)',
    replace: 'write(key, encodeClaim(lingering), lease)',
    caughtBy: onServer('lets a transaction of the user through'),
  },
  {
    name: 'sessions: a session whose holders have stopped believing lives on',
    file: `${sessions}/session-pool.ts`,
    find: 'if (this.isOver(session)) await this.#giveUp(session)\n    else if',
    replace: 'if',
    caughtBy: onServer('although its session is used on'),
  },
  {
    name: 'etcd: what a leader that is gone was to answer is waited for',
    file: `${driver}/channel.ts`,
    find: 'connection.giveUpBefore(term, words)',
    replace: 'connection.giveUpBefore(0n, words)',
    caughtBy: onServer('passed on to a leader that was killed', 'trouble'),
  },
  {
    name: 'sessions: each that renews sends a sign of life of its own',
    file: `${sessions}/session-pool.ts`,
    find: '    this.#signs.set(session, sign)\n',
    replace: '',
    caughtBy: { tests: [`${sessions}/session-pool.test.ts`], named: 'renew together' },
  },
  {
    name: 'sessions: all renewals wait for a sign of life that is not answered',
    file: `${sessions}/session-pool.ts`,
    find: '<= session.ttlMs * SHARED_SHARE ? marks : undefined',
    replace: '<= session.ttlMs ? marks : undefined',
    caughtBy: { tests: [`${sessions}/session-pool.test.ts`], named: 'not been answered for a while' },
  },
  {
    name: 'sessions: every change of a semaphore wakes all of its waiters',
    file: `${sessions}/rule.ts`,
    find: 'enough: weightOf(ahead) + weight - capacity',
    replace: 'enough: 1',
    caughtBy: onServer('wakes a waiter when its turn has come'),
  },
  {
    name: 'sessions: a waiter waits for more than it needs',
    file: `${sessions}/rule.ts`,
    find: 'enough: weightOf(ahead) + weight - capacity',
    replace: 'enough: weightOf(ahead) + weight - capacity + 1',
    caughtBy: { tests: [`${sessions}/rule.test.ts`] },
  },
]
