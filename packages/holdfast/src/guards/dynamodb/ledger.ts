/** A ledger: a guard with a value, in the item of the mark. What the last holder of a lock wrote down, for the next one. */
import { Unsupported } from '../../store/errors.ts'
import type { Fenced } from '../../lease/lease.ts'
import { boundedText } from '../../store/bounded-text.ts'
import { LEDGER_VALUE_BYTES_MAX } from '../../store/limits.ts'
import { resourceOf } from '../../store/names.ts'
import { assertHolder } from '../admission.ts'
import type { DynamodbSender, MarkItem } from './client.ts'
import { type DynamodbFenceOptions, FencedItems } from './fence.ts'

export interface DynamodbLedgerEntry {
  readonly value: string
  /** The token it was written with. */
  readonly token: bigint
}

/** One value for each lock, beside its mark. Rejects as a `DynamodbFence` does. */
export interface DynamodbLedger {
  /** The entry as it is, for onlookers: a holder who will write calls `enter` instead. Null when nothing was written. */
  get(lock: Pick<Fenced, 'namespace' | 'name'>): Promise<DynamodbLedgerEntry | null>
  /** Raises the mark and reads the entry in one request: what a holder reads here, no late writer can change. */
  enter(lease: Fenced): Promise<DynamodbLedgerEntry | null>
  /** Writes the entry unless a newer token was seen. At most 65,536 bytes of UTF-8; not with a shared lease. */
  put(lease: Fenced, value: string): Promise<void>
}

/** A ledger over a client of the caller; it is never closed here. Sends nothing yet. */
export function ledger(client: DynamodbSender, options: DynamodbFenceOptions = {}): DynamodbLedger {
  const items = new FencedItems(client, options)
  return {
    async get({ namespace, name }) {
      return entryIn(await items.read(resourceOf(namespace, name)))
    },
    async enter(lease) {
      const admission = items.admit(lease)
      return entryIn(admission.raises ? await items.raise(admission) : await items.compare(admission))
    },
    async put(lease, value) {
      assertHolder(lease)
      const { name, mode } = lease
      if (mode === 'shared') {
        throw new Unsupported(`${name}: a shared lease only reads; take the write lock to put`, { resource: name })
      }
      const text = boundedText('value', value, LEDGER_VALUE_BYTES_MAX)
      const admission = items.admit(lease)
      const values = { ':text': { S: text }, ':writtenWith': { S: String(admission.token) } }
      await items.raise(admission, { set: 'entry = :text, entryToken = :writtenWith', values })
    },
  }
}

function entryIn(item: MarkItem | undefined): DynamodbLedgerEntry | null {
  const [value, token] = [item?.['entry']?.S, item?.['entryToken']?.S]
  return value === undefined || token === undefined ? null : { value, token: BigInt(token) }
}
