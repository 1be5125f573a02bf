/** Damages to the client of ZooKeeper: what a session may believe, the order of answers, limits, and the paths of nodes. */
import type { Check, Mutant } from './mutant.ts'

const driver = 'packages/holdfast/src/stores/zookeeper-driver'
const inFile = (file: string, named: string): Check => ({ tests: [`${driver}/${file}.test.ts`], named })
const onServer = (named: string): Check => ({ ...inFile('session', named), engine: 'zookeeper' })

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
]
