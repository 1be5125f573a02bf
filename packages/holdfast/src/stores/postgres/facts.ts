/** What PostgreSQL promises as it is configured: asked of the server itself. */
import { StoreUnavailable } from '../../store/errors.ts'
import type { Facts } from '../../store/facts.ts'
import { TTL_MS_MAX, TTL_MS_MIN } from '../../store/limits.ts'
import type { SqlPool } from '../sql/driver.ts'
import type { FoundTable } from '../postgres-driver/found-table.ts'

export interface PostgresFindings {
  readonly version: string
  readonly commit: string
  readonly syncsDisk: boolean
  readonly standbys: string
}

const PROBE = `SELECT current_setting('server_version') AS version, current_setting('synchronous_commit') AS commit,
  current_setting('fsync') AS fsync, current_setting('synchronous_standby_names') AS standbys,
  pg_is_in_recovery()::text AS recovers, current_setting('transaction_read_only') AS readonly`

/** Refuses a server that takes no writes. */
export async function probed(pool: SqlPool): Promise<PostgresFindings> {
  const [row = {}] = await pool.use('opening', (connection) => connection.query(PROBE))
  if (row['recovers'] === 'true') {
    throw new StoreUnavailable(
      'opening: this PostgreSQL is a standby, which cannot grant locks: connect to the primary',
    )
  }
  if (row['readonly'] === 'on') {
    const words = 'opening: default_transaction_read_only is on, so this connection cannot grant locks'
    throw new StoreUnavailable(words, { isFinal: true })
  }
  const { version = '', commit = '', standbys = '' } = row as Record<string, string>
  return { version, commit, syncsDisk: row['fsync'] === 'on', standbys }
}

export function factsOf(server: PostgresFindings, { isLogged }: FoundTable, hears: boolean): Facts {
  const losses = lossesOf(server, isLogged)
  const isFollowed = server.standbys !== ''
  return {
    engine: `PostgreSQL ${server.version}`,
    safetyClass: losses.length === 0 ? 'durable' : 'best-effort',
    reasons: [
      ...(losses.length === 0
        ? ['Every change is a committed transaction, on the disk before it is answered.']
        : losses),
      isFollowed
        ? 'Commits wait for the standbys of synchronous_standby_names.'
        : 'No standby is waited for: a failover to one that lags may grant a lock a second time.',
      ...(hears
        ? []
        : ['LISTEN hears nothing here, as behind PgBouncer in transaction mode: waiters look by themselves.']),
      'A line has at most 32 KiB, some hundred waiters; the next one is refused as full.',
    ],
    clock: 'the wall clock of the database server',
    expiry: 'engine',
    tokenScale: 'clock',
    tokens:
      'max(last + 1, clock of the server in µs), made under the lock of the row, kept in it, and at most an hour ahead of where ' +
      'the monotonic clock of the process says that it must be',
    order: 'fifo',
    wakeUp: hears ? 'push' : 'poll',
    ttl: { per: 'claim', granularityMs: 1, minMs: TTL_MS_MIN, maxMs: TTL_MS_MAX },
    lockRisks: [
      'deleting rows of the table, or restoring a backup of it',
      'a clock of the server that is set forward by more than what is left of the lease',
      ...(isFollowed ? [] : ['a failover to a standby that has not received the last commits']),
      ...(losses.length === 0 ? [] : ['a crash of the server']),
    ],
    tokenRisks: ['losing rows of the table together with a clock that is set back'],
    unsupported: {},
  }
}

function lossesOf({ commit, syncsDisk }: PostgresFindings, isLogged: boolean): readonly string[] {
  const losses: string[] = []
  if (commit === 'off') losses.push('synchronous_commit is off: a crash of the server may undo the last changes.')
  if (!syncsDisk) losses.push('fsync is off: a power cut may undo changes, or damage the database.')
  if (!isLogged) losses.push('The table is UNLOGGED: a crash of the server empties it.')
  return losses
}
