/** Lines as entries of a bucket: the key is the name of the line, the value its record, the revision its version. */
import type { BucketEntries } from '../nats-driver/entries.ts'
import type { KeptMessage } from '../nats-driver/requests.ts'
import type { StoredText, SwapEngine } from '../records/swap-engine.ts'

/** Nothing was ever written under the key. */
const NEVER = '0'

type LineEntries = Pick<SwapEngine, 'read' | 'swap' | 'list'>

export function lineEntries(entries: BucketEntries): LineEntries {
  return {
    async read(key) {
      return { stored: storedIn(await entries.newest(key, 'reading a line')) }
    },
    async swap(key, seen, text) {
      const version = await entries.put(key, text, seen ?? NEVER)
      if (version !== undefined) return { version }
      const current = await entries.newest(key, 'changing a line')
      if (seen !== undefined || current?.isDeletion !== true) return { current: storedIn(current) }
      // What was deleted left a mark, which for the server is an entry like any other.
      const made = await entries.put(key, text, current.sequence)
      return made === undefined ? {} : { version: made }
    },
    async list(prefix, after, limit) {
      const names = await entries.names()
      const asked = names.filter((name) => name.startsWith(prefix) && name > after)
      return asked.toSorted().slice(0, limit)
    },
  }
}

function storedIn(message: KeptMessage | undefined): StoredText | undefined {
  return message === undefined || message.isDeletion ? undefined : { text: message.text, version: message.sequence }
}
