/** What MySQL promises as it is configured: asked of the server itself. */
import type { Facts } from '../../store/facts.ts'
import { TTL_MS_MAX, TTL_MS_MIN } from '../../store/limits.ts'
import { isOn, type MysqlSettings, SEMISYNCHRONOUS } from '../mysql-driver/settings.ts'

export function factsOf(found: MysqlSettings): Facts {
  const losses = lossesOf(found)
  const isCluster = isOn(found, 'wsrep_on')
  const isFollowed = isCluster || SEMISYNCHRONOUS.some((name) => isOn(found, name))
  const version = found.get('version') ?? ''
  return {
    engine: /mariadb/i.test(version) ? `MariaDB ${version.replace(/-.*/, '')}` : `MySQL ${version.replace(/-.*/, '')}`,
    safetyClass: losses.length === 0 ? 'durable' : 'best-effort',
    reasons: [
      ...(losses.length === 0
        ? ['Every change is a committed transaction, on the disk before it is answered.']
        : losses),
      replicationOf(isCluster, isFollowed),
      'Nothing is pushed: waiters look by themselves, the next in line after 5 to 200 ms.',
      'What holds of a line has at most 32 KiB; the next one is refused as full.',
    ],
    clock: 'the wall clock of the database server, in UTC',
    expiry: 'engine',
    tokenScale: 'clock',
    tokens:
      'max(last + 1, clock of the server in µs), made under the lock of the row, kept in it, and at most an hour ahead of where ' +
      'the monotonic clock of the process says that it must be',
    order: 'fifo',
    wakeUp: 'poll',
    ttl: { per: 'claim', granularityMs: 1, minMs: TTL_MS_MIN, maxMs: TTL_MS_MAX },
    lockRisks: [
      'deleting rows of the table, or restoring a backup of it',
      'a clock of the server that is set forward by more than what is left of the lease',
      ...(isFollowed ? [] : ['a failover to a replica that has not received the last commits']),
      ...(losses.length === 0 ? [] : ['a crash of the server']),
    ],
    tokenRisks: ['losing rows of the table together with a clock that is set back'],
    unsupported: {},
  }
}

function replicationOf(isCluster: boolean, isFollowed: boolean): string {
  if (isCluster) return 'A Galera cluster: a commit that another node was faster than fails, and is not granted.'
  return isFollowed
    ? 'Commits wait for a replica, unless it is away for longer than the server waits (semi-synchronous).'
    : 'No replica is waited for: a failover to one that lags may grant a lock a second time.'
}

function lossesOf(found: MysqlSettings): readonly string[] {
  const losses: string[] = []
  const flush = found.get('innodb_flush_log_at_trx_commit')
  if (flush !== '1') {
    losses.push(`innodb_flush_log_at_trx_commit is ${flush}: a crash may undo the last changes.`)
  }
  if (isOn(found, 'log_bin') && found.get('sync_binlog') !== '1') {
    losses.push(`sync_binlog is ${found.get('sync_binlog')}: a crash may undo the last changes.`)
  }
  return losses
}
