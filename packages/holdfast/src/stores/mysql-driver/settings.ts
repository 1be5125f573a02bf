/** What a server says of its own settings. */
import { StoreUnavailable } from '../../store/errors.ts'
import type { SqlPool } from '../sql/driver.ts'

/** Settings by their names; what a server does not know is absent. */
export type MysqlSettings = ReadonlyMap<string, string>

const READ_ONLY = ['read_only', 'super_read_only', 'innodb_read_only'] as const
export const SEMISYNCHRONOUS = ['rpl_semi_sync_master_enabled', 'rpl_semi_sync_source_enabled'] as const
const SETTINGS = [
  ...READ_ONLY,
  ...SEMISYNCHRONOUS,
  'version',
  'innodb_flush_log_at_trx_commit',
  'log_bin',
  'sync_binlog',
  'wsrep_on',
  'max_allowed_packet',
] as const

/** A line of 32 KiB in hexadecimal digits, when each of its characters takes three bytes. */
const PACKET_BYTES_MIN = 256 * 1024

/** Refuses a server that takes no writes, or none as long as a line may be. */
export async function settingsOf(pool: SqlPool): Promise<MysqlSettings> {
  const names = SETTINGS.map((name) => `'${name}'`).join(', ')
  const rows = await pool.use('opening', (connection) =>
    connection.query(`SHOW VARIABLES WHERE Variable_name IN (${names})`),
  )
  const found = new Map(rows.map((row) => [row['Variable_name'] ?? '', row['Value'] ?? '']))
  const closed = READ_ONLY.find((name) => isOn(found, name))
  if (closed !== undefined) {
    throw new StoreUnavailable(
      `opening: ${closed} is on, as on a replica, which cannot grant locks: connect to the primary`,
    )
  }
  const packet = Number(found.get('max_allowed_packet'))
  if (packet < PACKET_BYTES_MIN) {
    throw new StoreUnavailable(
      `opening: max_allowed_packet is ${packet}, and a line may need ${PACKET_BYTES_MIN}: set it to 1 MiB or more`,
      { isFinal: true },
    )
  }
  return found
}

export function isOn(found: MysqlSettings, name: string): boolean {
  const value = found.get(name)?.toUpperCase() ?? 'OFF'
  return value !== 'OFF' && value !== '0'
}
