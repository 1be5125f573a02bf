/** What `holdfast doctor` asks a MySQL or MariaDB itself: how it commits, who it is, and what its sessions and tables are. */
import type { Connection, RowDataPacket } from 'mysql2/promise'
import {
  absentTable,
  ANSWER_WITHIN_MS,
  clockFinding,
  connectionsFinding,
  finding,
  rightsFinding,
} from './doctor-database.ts'
import type { Finding } from './doctor-report.ts'

const TABLE = 'holdfast_lines'
/** Shorter, our own connections are ended between two renewals. */
const IDLE_SECONDS_MIN = 60
/** The first versions that their makers still mend, and no older one was tried. */
const MARIADB_MIN = [10, 6] as const
const MYSQL_MIN = [8, 0] as const
/** The numbers of "denied": of a table, and of a column. */
const DENIED: ReadonlySet<unknown> = new Set([1142, 1143])

/** Asks for rows of texts. */
type Ask = (text: string) => Promise<readonly Readonly<Record<string, string | null>>[]>
type Settings = ReadonlyMap<string, string>

const SETTINGS = `SHOW VARIABLES WHERE Variable_name IN ('version', 'innodb_flush_log_at_trx_commit', 'log_bin',
  'sync_binlog', 'read_only', 'super_read_only', 'innodb_read_only', 'transaction_isolation', 'tx_isolation', 'autocommit',
  'wait_timeout', 'max_connections')`
const USED = `SHOW GLOBAL STATUS WHERE Variable_name = 'Threads_connected'`
const CLOCK = `SELECT TIMESTAMPDIFF(MICROSECOND, TIMESTAMP'1970-01-01 00:00:00', UTC_TIMESTAMP(6)) AS us`
const TABLES = `SELECT TABLE_NAME AS name, ENGINE AS engine FROM information_schema.TABLES
  WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN ('${TABLE}', '${TABLE}_waiters')`

/** Each is refused as the statement would be, and none is carried out. */
const TRIALS: readonly (readonly [right: string, statement: string])[] = [
  ['SELECT', `EXPLAIN SELECT version FROM ${TABLE}`],
  ['INSERT', `EXPLAIN INSERT INTO ${TABLE} (resource, version, token, claims) VALUES ('', 0, 0, '')`],
  ['UPDATE', `EXPLAIN UPDATE ${TABLE} SET version = 0`],
  ['SELECT on the table of waiters', `EXPLAIN SELECT id FROM ${TABLE}_waiters`],
  ['INSERT on the table of waiters', `EXPLAIN INSERT INTO ${TABLE}_waiters VALUES ('', 0, '', 0, '')`],
  ['UPDATE on the table of waiters', `EXPLAIN UPDATE ${TABLE}_waiters SET ends_us = 0`],
  ['DELETE on the table of waiters', `EXPLAIN DELETE FROM ${TABLE}_waiters`],
]

/** Empty where the server cannot be asked: the opening says why. */
export async function mysqlFindings(url: string): Promise<readonly Finding[]> {
  const { createConnection } = await import('mysql2/promise')
  let connection: Connection | undefined
  try {
    connection = await createConnection({ uri: url, connectTimeout: ANSWER_WITHIN_MS })
    const ask = askOver(connection)
    const found = settingsIn(await ask(SETTINGS))
    const used = settingsIn(await ask(USED)).get('Threads_connected')
    const nowMs = async (): Promise<number> => Number((await ask(CLOCK))[0]?.['us']) / 1_000
    return [
      ...serverFindings(found),
      connectionsFinding(Number(used), Number(found.get('max_connections'))),
      await clockFinding(nowMs),
      ...(await tableFindings(ask)),
    ]
  } catch {
    return []
  } finally {
    connection?.destroy()
  }
}

function askOver(connection: Connection): Ask {
  connection.on('error', () => undefined)
  return async (sql) => {
    const question = {
      sql,
      timeout: ANSWER_WITHIN_MS,
      typeCast: (field: { string(): string | null }) => field.string(),
    }
    const [rows] = await connection.query<RowDataPacket[]>(question)
    return rows
  }
}

function settingsIn(rows: Awaited<ReturnType<Ask>>): Settings {
  return new Map(rows.map((row) => [row['Variable_name'] ?? '', row['Value'] ?? '']))
}

function serverFindings(found: Settings): readonly Finding[] {
  const [version, flush, binlog] = [
    text(found, 'version'),
    text(found, 'innodb_flush_log_at_trx_commit'),
    isOn(found, 'log_bin'),
  ]
  const isSafe = flush === '1' && (!binlog || text(found, 'sync_binlog') === '1')
  const closed = ['read_only', 'super_read_only', 'innodb_read_only'].find((name) => isOn(found, name))
  const isolation = found.get('transaction_isolation') ?? text(found, 'tx_isolation')
  const idleSeconds = Number(found.get('wait_timeout'))
  return [
    finding('version', `${/mariadb/i.test(version) ? 'MariaDB' : 'MySQL'} ${version}`, isOld(version), [
      'note',
      'This version was never tried: MariaDB 10.11 and MySQL 9.7 were.',
    ]),
    finding('role', closed === undefined ? 'takes writes' : `takes no writes: ${closed} is on`, closed !== undefined, [
      'problem',
      'Connect to the primary: a replica cannot grant locks.',
    ]),
    finding(
      'commit',
      `innodb_flush_log_at_trx_commit ${flush}, ${binlog ? `sync_binlog ${text(found, 'sync_binlog')}` : 'no binary log'}`,
      !isSafe,
      ['note', 'A crash or a power cut may undo grants: set both to 1.'],
    ),
    finding('isolation', `transactions are ${isolation} unless they say otherwise`, isolation === 'READ-UNCOMMITTED', [
      'problem',
      'A look may see a grant that is undone: set READ-COMMITTED or REPEATABLE-READ.',
    ]),
    finding('autocommit', isOn(found, 'autocommit') ? 'is on' : 'is off', !isOn(found, 'autocommit'), [
      'problem',
      'No grant would be committed: leave autocommit on for the sessions of this user.',
    ]),
    finding('timeouts', `wait_timeout ${idleSeconds} s`, idleSeconds < IDLE_SECONDS_MIN, [
      'note',
      'Connections that stand idle so short a time are ended, and the next renewal makes a new one. Give this user a minute at least.',
    ]),
  ]
}

function isOld(version: string): boolean {
  const [least, greatest] = /mariadb/i.test(version) ? MARIADB_MIN : MYSQL_MIN
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major < least || (major === least && minor < greatest)
}

function text(found: Settings, name: string): string {
  return found.get(name) ?? ''
}

function isOn(found: Settings, name: string): boolean {
  return /^(?:on|1)$/i.test(text(found, name))
}

async function tableFindings(ask: Ask): Promise<readonly Finding[]> {
  const tables = await ask(TABLES)
  if (tables.length === 0) return [absentTable('mysql', 'is not there yet, or not to be seen by this user')]
  const other = tables.find(({ engine }) => engine !== 'InnoDB')?.['engine']
  const missing: string[] = []
  for (const [right, statement] of TRIALS) if (await isDenied(ask, statement)) missing.push(right)
  return [
    finding('table', other === undefined ? 'is InnoDB' : `is ${other}`, other !== undefined, [
      'problem',
      'It locks no rows and keeps no promise in a crash: ALTER TABLE … ENGINE=InnoDB.',
    ]),
    rightsFinding(missing, 'docs/mysql.md'),
  ]
}

/** Only a refusal: a server that takes no writes, or has half of the tables, says something else. */
async function isDenied(ask: Ask, statement: string): Promise<boolean> {
  try {
    await ask(statement)
    return false
  } catch (error) {
    return DENIED.has((error as { readonly errno?: unknown }).errno)
  }
}
