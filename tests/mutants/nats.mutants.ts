/** Damages to the store of NATS: what may be forgotten, what is told, and what a lost connection means. */
import type { Check, Mutant } from './mutant.ts'

const store = 'packages/holdfast/src/stores/nats'
const driver = 'packages/holdfast/src/stores/nats-driver'
const onServer = (file: string, named: string): Check => ({
  tests: [`${store}/${file}.test.ts`],
  named,
  engine: 'nats',
})

export const natsMutants: readonly Mutant[] = [
  {
    name: 'nats: the error of a socket that has ended is heard by nobody',
    file: `${driver}/socket-errors.ts`,
    find: "return socket.on('error', ignored)",
    replace: 'return socket',
    caughtBy: onServer('trouble', 'comes after its end'),
  },
  {
    name: 'nats: what was deleted cannot be made anew',
    file: `${store}/line-entries.ts`,
    find: 'if (seen !== undefined || current?.isDeletion !== true) return',
    replace: 'if (seen !== undefined || current?.isDeletion !== false) return',
    caughtBy: onServer('store', 'DEL. while nobody used it'),
  },
  {
    name: 'nats: a bucket that deletes its oldest entries is taken',
    file: `${driver}/bucket-form.ts`,
    find: "discard === 'old' && (max_bytes > 0 || max_msgs > 0)",
    replace: "discard === 'old' && max_msgs > 0",
    caughtBy: onServer('store', 'forgets its oldest entries'),
  },
  {
    name: 'nats: whoever says that servers sync is believed of old ones',
    file: `${store}/facts.ts`,
    find: 'if (syncsAlways && canSync) return []',
    replace: 'if (syncsAlways) return []',
    caughtBy: { tests: [`${store}/facts.test.ts`], named: 'too old to sync' },
  },
  {
    name: 'nats: a user that may not hear is told nothing and does not poll',
    file: `${driver}/mailbox.ts`,
    find: 'else this.#isDeaf = true',
    replace: 'else this.#isDeaf = false',
    caughtBy: onServer('store', 'a user with the rights'),
  },
  {
    name: 'nats: a call waits for an answer that went with its connection',
    file: `${driver}/link.ts`,
    find: 'Promise.race([ask(), this.#loss.promise])',
    replace: 'ask()',
    caughtBy: onServer('trouble', 'is unknown at once'),
  },
  {
    name: 'nats: a process is told by the server what it did itself',
    file: 'packages/holdfast/src/stores/records/own-news.ts',
    find: 'notices.filter((notice) => notice.channel !== channel)',
    replace: 'notices',
    caughtBy: onServer('store', 'an uncontended pair is two requests'),
  },
  {
    name: 'nats: observers are told nothing',
    file: `${store}/engine.ts`,
    find: '    this.#mailbox.announce(key)\n',
    replace: '',
    caughtBy: {
      tests: ['packages/holdfast/src/stores/conformance.test.ts'],
      named: 'nats, real time.* an observer is told when somebody comes',
      engine: 'nats',
    },
  },
  {
    name: 'nats: what an error means is read from what caused it',
    file: `${driver}/errors.ts`,
    find: 'root instanceof HoldfastError || ',
    replace: '',
    caughtBy: { tests: [`${driver}/errors.test.ts`], named: 'translated already' },
  },
  {
    name: 'nats: two names are one key',
    file: `${driver}/keys.ts`,
    find: "'!': '/', '.': '=2E'",
    replace: "'!': '/', '.': '=20'",
    caughtBy: { tests: [`${driver}/keys.test.ts`], named: 'no two names become one key' },
  },
]
