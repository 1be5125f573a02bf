/** A ledger in an SQL database with an asynchronous driver: a guard with a value, whatever the dialect is. */
import type { Fenced } from '../../lease/lease.ts'
import { boundedText } from '../../store/bounded-text.ts'
import { LEDGER_VALUE_BYTES_MAX } from '../../store/limits.ts'
import { resourceOf } from '../../store/names.ts'
import type { Clock } from '../../time/clock.ts'
import { type Admission, assertHolder } from '../admission.ts'
import { keepMsOf, type LedgerPutOptions } from '../ledger-terms.ts'
import type { FencedTransactions } from './fence.ts'
import { type Pruning, pruningAt, termKey, termText } from './entry-terms.ts'
import { assertWriter } from './refusals.ts'
import type { SqlColumns, SqlSend, SqlSession } from './session.ts'

export interface SqlLedgerEntry {
  readonly value: string
  /** The token it was written with. */
  readonly token: bigint
}

export interface SqlPutOptions extends LedgerPutOptions {
  /** An open transaction of the caller. @default one of its own */
  readonly tx?: SqlSession
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
  put(lease: Fenced, value: string, tx?: SqlSession | SqlPutOptions): Promise<void>
  /**
   * Removes entries whose `keep` was over a day ago, each with the mark of its lock: at most 1000, and resolves with how many. An
   * entry whose lock was taken since by a holder that wrote nothing stays where tokens are counted and are no time.
   */
  prune(): Promise<number>
}

/** What a dialect writes. */
export interface SqlEntries {
  /** Its columns are the `token`, and the bytes of the value in hexadecimal `digits`, whatever the connection makes of text. */
  read(resource: string): string
  write(key: string, token: bigint, value: string): string
  remove(key: string): string
  /** Resolves with how many. */
  prune(send: SqlSend, pruning: Pruning): Promise<number>
  make(send: SqlSend): Promise<void>
}

export function ledgerOver<Tx>(
  transactions: FencedTransactions<Tx>,
  admit: (holder: Fenced) => Admission,
  entries: SqlEntries,
  clock: Clock,
): SqlLedger {
  const { own, marks } = transactions
  const guarded = guardedBy(transactions, admit, entries)
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
    async put(lease, value, txOrOptions) {
      assertHolder(lease)
      assertWriter(lease)
      const { tx, ...options } = putOptionsIn(txOrOptions)
      const keepMs = keepMsOf(options)
      const text = boundedText('value', value, LEDGER_VALUE_BYTES_MAX)
      const { token } = lease
      const resource = resourceOf(lease.namespace, lease.name)
      const term =
        keepMs === undefined
          ? entries.remove(termKey(resource))
          : entries.write(termKey(resource), token, termText(clock.wallMs() + keepMs))
      await guarded(lease, tx, entries.write(resource, token, text), term)
    },
    async prune() {
      try {
        return await own.open('newest', (_, send) => entries.prune(send, pruningAt(clock.wallMs())))
      } catch (error) {
        if (marks.isMissingTable(error)) return 0
        throw error
      }
    },
  }
}

/** Sends these statements behind the mark, in one transaction; resolves with what the first one found. */
function guardedBy<Tx>(
  transactions: FencedTransactions<Tx>,
  admit: (holder: Fenced) => Admission,
  entries: SqlEntries,
): (
  lease: Fenced,
  tx: SqlSession | undefined,
  ...texts: readonly [string, ...string[]]
) => Promise<SqlLedgerEntry | null> {
  const { own, marks } = transactions
  return async (
    lease: Fenced,
    tx: SqlSession | undefined,
    ...texts: readonly [string, ...string[]]
  ): Promise<SqlLedgerEntry | null> => {
    const admission = admit(lease)
    const sent = async (send: SqlSend): Promise<SqlColumns> => {
      const [first, ...others] = texts
      const columns = await send(first)
      for (const text of others) await send(text)
      return columns
    }
    if (tx !== undefined) return entryIn(await sent(await transactions.passWithin(tx, admission)))
    const once = async (): Promise<SqlLedgerEntry | null> =>
      entryIn(await transactions.run(admission, async (_, send) => await sent(send)))
    try {
      return await once()
    } catch (error) {
      if (!marks.isMissingTable(error)) throw error
      await entries.make(own.alone)
      return await once()
    }
  }
}

/** No session of a driver or a library is a plain object with these names. */
function putOptionsIn(given: SqlSession | SqlPutOptions = {}): SqlPutOptions {
  const isPlain = Object.getPrototypeOf(given) === Object.prototype
  const isOptions = isPlain && (Object.keys(given).length === 0 || 'keep' in given || 'tx' in given)
  return isOptions ? (given as SqlPutOptions) : { tx: given as SqlSession }
}

function entryIn({ digits, token }: SqlColumns): SqlLedgerEntry | null {
  if (digits === undefined || token === undefined) return null
  return { value: Buffer.from(digits, 'hex').toString(), token: BigInt(token) }
}
