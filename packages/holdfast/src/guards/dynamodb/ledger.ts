/** A ledger: a guard with a value, in the item of the mark. What the last holder of a lock wrote down, for the next one. */
import { Unsupported } from '../../store/errors.ts'
import type { Fenced } from '../../lease/lease.ts'
import { boundedText } from '../../store/bounded-text.ts'
import { LEDGER_VALUE_BYTES_MAX } from '../../store/limits.ts'
import { resourceOf } from '../../store/names.ts'
import { systemClock } from '../../time/clock.ts'
import { assertHolder } from '../admission.ts'
import { keepMsOf, type LedgerPutOptions, MARK_OUTLIVES_MS } from '../ledger-terms.ts'
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
  /**
   * Writes the entry unless a newer token was seen. At most 65,536 bytes of UTF-8; not with a shared lease. With `keep` the item
   * has the attribute `expiresAtS`, a day later: DynamoDB removes it with the mark where that is the table's time to live.
   */
  put(lease: Fenced, value: string, options?: LedgerPutOptions): Promise<void>
}

/** A ledger over a client of the caller; it is never closed here. Sends nothing yet. */
export function ledger(client: DynamodbSender, options: DynamodbFenceOptions = {}): DynamodbLedger {
  const items = new FencedItems(client, options)
  const clock = options.clock ?? systemClock
  const expiryOf = (endsAtMs: number): number => Math.ceil((endsAtMs + MARK_OUTLIVES_MS) / 1_000)
  return {
    async get({ namespace, name }) {
      return entryIn(await items.read(resourceOf(namespace, name)))
    },
    async enter(lease) {
      const admission = items.admit(lease)
      if (!admission.raises) return entryIn(await items.compare(admission))
      const item = await items.raise(admission)
      const endsAtMs = item['entryEndsAtMs']?.N
      if (endsAtMs !== undefined) {
        const note = { set: 'entryEndsAtMs = :ends', values: { ':ends': { N: endsAtMs } } }
        await items.raise(admission, { ...note, expiresAtS: expiryOf(Math.max(Number(endsAtMs), clock.wallMs())) })
      }
      return entryIn(item)
    },
    async put(lease, value, putOptions = {}) {
      assertHolder(lease)
      const { name, mode } = lease
      if (mode === 'shared') {
        throw new Unsupported(`${name}: a shared lease only reads; take the write lock to put`, { resource: name })
      }
      const text = boundedText('value', value, LEDGER_VALUE_BYTES_MAX)
      const keepMs = keepMsOf(putOptions)
      const admission = items.admit(lease)
      const set = 'entry = :text, entryToken = :writtenWith'
      const values = { ':text': { S: text }, ':writtenWith': { S: String(admission.token) } }
      if (keepMs === undefined) return void (await items.raise(admission, { set, values, forgets: 'entryEndsAtMs' }))
      const endsAtMs = Math.ceil(clock.wallMs() + keepMs)
      await items.raise(admission, {
        set: `${set}, entryEndsAtMs = :ends`,
        values: { ...values, ':ends': { N: String(endsAtMs) } },
        expiresAtS: expiryOf(endsAtMs),
      })
    },
  }
}

function entryIn(item: MarkItem | undefined): DynamodbLedgerEntry | null {
  const [value, token] = [item?.['entry']?.S, item?.['entryToken']?.S]
  return value === undefined || token === undefined ? null : { value, token: BigInt(token) }
}
