/** Damages to the store and the client of ZooKeeper: what a session may believe, the order of a line, answers, limits, and paths. */
import type { Check, Mutant } from './mutant.ts'

const driver = 'packages/holdfast/src/stores/zookeeper-driver'
const inFile = (file: string, named: string): Check => ({ tests: [`${driver}/${file}.test.ts`], named })
const onServer = (named: string): Check => ({ ...inFile('session', named), engine: 'zookeeper' })
const store = 'packages/holdfast/src/stores/zookeeper'
const inStore = (named: string, file = 'store'): Check => ({
  tests: [`${store}/${file}.test.ts`],
  named,
  engine: 'zookeeper',
})

export const zookeeperMutants: readonly Mutant[] = [
  {
    name: 'zookeeper: the newest answered ping is a sign of life although the follower may be cut off',
    file: `${driver}/life-signs.ts`,
    find: 'newest.monotonicMs - lagMs',
    replace: 'newest.monotonicMs',
    caughtBy: inFile('life-signs', 'counts only once another one was answered'),
  },
  {
    name: 'zookeeper: an older connect takes a sign of life back',
    file: `${driver}/life-signs.ts`,
    find: 'if (sentAt.monotonicMs > this.#seenByLeader.monotonicMs) this',
    replace: 'this',
    caughtBy: inFile('life-signs', 'an older one takes nothing back'),
  },
  {
    name: 'zookeeper: an answer counts for whatever request is due',
    file: `${driver}/connection.ts`,
    find: 'if (request?.number !== number) {',
    replace: 'if (request === undefined || number < 0) {',
    caughtBy: inFile('hostile', 'an answer to another request'),
  },
  {
    name: 'zookeeper: bytes behind an answer are passed over',
    file: `${driver}/session.ts`,
    find: '          reader.end()\n          resolve(value)',
    replace: '          resolve(value)',
    caughtBy: inFile('hostile', 'an answer with more behind it'),
  },
  {
    name: 'zookeeper: a packet of any length is waited for',
    file: `${driver}/packets.ts`,
    find: 'length < 0 || length > PACKET_BYTES_MAX',
    replace: 'length < 0',
    caughtBy: inFile('packets', 'a packet that is longer than any'),
  },
  {
    name: 'zookeeper: a list of any length is believed',
    file: `${driver}/bytes.ts`,
    find: 'count < -1 || count * 4 > this.leftBytes',
    replace: 'count < -1',
    caughtBy: inFile('packets', 'makes no room for it'),
  },
  {
    name: 'zookeeper: a multi may have more results than parts',
    file: `${driver}/requests.ts`,
    find: 'if (results.length === count) throw',
    replace: 'if (results.length > count + 9) throw',
    caughtBy: inFile('packets', 'more or fewer results than parts'),
  },
  {
    name: 'zookeeper: a missing node is watched as if it were there',
    file: `${driver}/tree.ts`,
    find: "isMissing(code) ? 'exist' : 'data'",
    replace: "'data'",
    caughtBy: onServer('watches outlive the connection'),
  },
  {
    name: 'zookeeper: what a user makes is open to all',
    file: `${driver}/tree.ts`,
    find: 'session.hasUser ? {',
    replace: 'session.hasUser && root.length === 0 ? {',
    caughtBy: onServer('what a user made is for this user alone'),
  },
  {
    name: 'zookeeper: a path that a server made keeps the root',
    file: `${driver}/tree.ts`,
    find: 'full.slice(this.#root.length)',
    replace: 'full.slice(0)',
    caughtBy: onServer('nodes are made in sequence below the root'),
  },
  {
    name: 'zookeeper: a pong is believed for the whole session',
    file: `${store}/claim-session.ts`,
    find: 'if (known.monotonicMs + slackMs >= newest.monotonicMs) return newest',
    replace: 'if (this.ttlMs > 0) return newest',
    caughtBy: inStore('moves no deadline past the end of the session', 'trouble'),
  },
  {
    name: 'zookeeper: a claim enters although the base of the tokens was moved',
    file: `${store}/line.ts`,
    find: "{ kind: 'check', path: BASE_PATH, version: baseVersion },",
    replace: "{ kind: 'check', path: BASE_PATH, version: baseVersion - baseVersion - 1 },",
    caughtBy: inStore('rise over a ZooKeeper that was made anew', 'token-base'),
  },
  {
    name: 'zookeeper: tokens go down although a claim stands in a line',
    file: `${store}/token-base.ts`,
    find: '(stat?.childCount ?? 0) > 0',
    replace: '(stat?.childCount ?? 0) > 99',
    caughtBy: inStore('rise over a ZooKeeper that was made anew', 'token-base'),
  },
  {
    name: 'zookeeper: an entering without an answer is looked for by the first digits of the id',
    file: `${store}/line.ts`,
    find: 'if (read?.data.id !== id) continue',
    replace: 'if (read === undefined) continue',
    caughtBy: inStore('is found by the whole id'),
  },
  {
    name: 'zookeeper: a line is in the order of its numbers, which begin anew',
    file: `${store}/node-name.ts`,
    find: '(sequence - other) | 0',
    replace: 'sequence - other',
    caughtBy: { tests: [`${store}/node-name.test.ts`], named: 'wherever the count of 32 bits stands' },
  },
  {
    name: 'zookeeper: a hand-off asks the leader again',
    file: `${store}/line.ts`,
    find: 'const synced = isFresh ? undefined : tree.sync(line)',
    replace: 'const synced = tree.sync(line)',
    caughtBy: inStore('one request of the holder and one of the next'),
  },
  {
    name: 'zookeeper: too little that is gone wakes a waiter',
    file: `${store}/watches.ts`,
    find: "change === 'lost' || goneWeight >= enough",
    replace: "change === 'lost' || goneWeight >= 0",
    caughtBy: inStore('wake no waiter while what is gone is too little'),
  },
  {
    name: 'zookeeper: a semaphore watches too few claims',
    file: `${store}/watches.ts`,
    find: 'while (watchedWeight <= room) {',
    replace: 'while (watchedWeight < room) {',
    caughtBy: inStore('wakes a waiter when its turn has come'),
  },
  {
    name: 'zookeeper: a session that is shorter than its claims need is taken',
    file: `${store}/claim-session.ts`,
    find: 'if (timeoutMs < neededMs) {',
    replace: 'if (timeoutMs < ttlMs) {',
    caughtBy: inStore('has limits that the facts name'),
  },
  {
    name: 'zookeeper: an eviction leaves no mark',
    file: `${store}/store.ts`,
    find: 'new Map(marks).set(`${resource}/${data.id}`, reason)',
    replace: 'new Map(marks)',
    caughtBy: inStore('reach the holder at once'),
  },
  {
    name: 'zookeeper: a minimum hold is over when it is first seen',
    file: `${store}/remainders.ts`,
    find: 'keepMs + GRACE_MS - (now.changedWallMs - made.createdWallMs)',
    replace: '0',
    caughtBy: inStore('keeps a minimum hold by the time of the leader'),
  },
  {
    name: 'zookeeper: a node of another program is passed over',
    file: `${store}/node-name.ts`,
    find: 'if (keptId === undefined) {',
    replace: 'if (keptId === undefined && name.length > 99) {',
    caughtBy: { tests: [`${store}/node-name.test.ts`], named: 'a node of another program is named' },
  },
  {
    name: 'zookeeper: a released claim is owned',
    file: `${store}/line.ts`,
    find: 'const removed = tree.delete(path).then(',
    replace: 'const removed = tree.exists(path).then(',
    caughtBy: inStore('an uncontended pair is two requests'),
  },
  {
    name: 'zookeeper: a session that nobody renews is kept alive',
    file: `${store}/claim-session.ts`,
    find: 'if (this.#ageMs(this.#usedAtMs) < this.ttlMs * IDLE_TTL_SHARE) this',
    replace: 'this',
    caughtBy: inStore('that nobody renews is given up'),
  },
]
