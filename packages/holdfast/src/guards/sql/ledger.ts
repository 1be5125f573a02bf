/** A ledger in an SQL database with an asynchronous driver: a guard with a value, whatever the dialect is. */
import type { Fenced } from '../../lease/lease.ts'
import { boundedText } from '../../store/bounded-text.ts'
import { LEDGER_VALUE_BYTES_MAX } from '../../store/limits.ts'
import { resourceOf } from '../../store/names.ts'
import { type Admission, assertHolder } from '../admission.ts'
import type { FencedTransactions } from './fence.ts'
import { assertWriter } from './refusals.ts'
import type { SqlColumns, SqlSend, SqlSession } from './session.ts'

export interface SqlLedgerEntry {
  readonly value: string
  /** The token it was written with. */
  readonly token: bigint
}

/**
 * One value for each lock, such as the outcome of an effect that must happen once. Rejects as a `SqlFence` does. With an open
 * transaction of the caller it becomes part of that, as `within` does, and both are committed or neither.
 */
export interface SqlLedger {
  /** The entry as it is, for onlookers: a holder who will write calls `enter` instead. Null when nothing was written. */
  get(lock: Pick<Fenced, 'namespace' | 'name'>): Promise<SqlLedgerEntry | null>
  /** Raises the mark and reads the entry in one transaction: what a holder reads here, no late writer can change. */
  enter(lease: Fenced, tx?: SqlSession): Promise<SqlLedgerEntry | null>
  /** Writes the entry unless a newer token was seen. At most 65,536 bytes of UTF-8; not with a shared lease. */
  put(lease: Fenced, value: string, tx?: SqlSession): Promise<void>
}

/** What a dialect writes. */
export interface SqlEntries {
  /** Its columns are the `token`, and the bytes of the value in hexadecimal `digits`, whatever the connection makes of text. */
  read(resource: string): string
  write(resource: string, token: bigint, value: string): string
  make(send: SqlSend): Promise<void>
}

export function ledgerOver<Tx>(
  transactions: FencedTransactions<Tx>,
  admit: (holder: Fenced) => Admission,
  entries: SqlEntries,
): SqlLedger {
  const { own, marks } = transactions
  const guarded = async (lease: Fenced, tx: SqlSession | undefined, text: string): Promise<SqlLedgerEntry | null> => {
    const admission = admit(lease)
    if (tx !== undefined) {
      const send = await transactions.passWithin(tx, admission)
      return entryIn(await send(text))
    }
    const once = async (): Promise<SqlLedgerEntry | null> =>
      entryIn(await transactions.run(admission, async (_, send) => await send(text)))
    try {
      return await once()
    } catch (error) {
      if (!marks.isMissingTable(error)) throw error
      await entries.make(own.alone)
      return await once()
    }
  }
  return {
    async get({ namespace, name }) {
      try {
        return entryIn(await own.alone(entries.read(resourceOf(namespace, name))))
      } catch (error) {
        if (marks.isMissingTable(error)) return null
        throw error
      }
    },
    async enter(lease, tx) {
      assertHolder(lease)
      return await guarded(lease, tx, entries.read(resourceOf(lease.namespace, lease.name)))
    },
    async put(lease, value, tx) {
      assertHolder(lease)
      assertWriter(lease)
      const text = boundedText('value', value, LEDGER_VALUE_BYTES_MAX)
      const { namespace, name, token } = lease
      await guarded(lease, tx, entries.write(resourceOf(namespace, name), token, text))
    },
  }
}

function entryIn({ digits, token }: SqlColumns): SqlLedgerEntry | null {
  if (digits === undefined || token === undefined) return null
  return { value: Buffer.from(digits, 'hex').toString(), token: BigInt(token) }
}
