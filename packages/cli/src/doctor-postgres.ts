/** What `holdfast doctor` asks a PostgreSQL itself: how it commits, who it is, and how its table of locks is doing. */
import type { Facts } from 'holdfast'
import {
  absentTable,
  ANSWER_WITHIN_MS,
  clockFinding,
  connectionsFinding,
  finding,
  rightsFinding,
} from './doctor-database.ts'
import type { Finding } from './doctor-report.ts'

/** Older versions are not supported by the project itself any more, and none of them was tried. */
const VERSION_MIN = 130_000
/** Shorter, a moment of load is taken for trouble. */
const TIMEOUT_MS_MIN = 1_000
const DEAD_ROWS_MIN = 10_000
const DEAD_SHARE = 10

type Row = Readonly<Record<string, string | null>>
/** Asks for one row of texts; `undefined` where there is none. */
type Ask = (text: string, values?: readonly string[]) => Promise<Row | undefined>

const SERVER = `SELECT current_setting('server_version') AS version, current_setting('server_version_num') AS number,
  current_setting('synchronous_commit') AS commit, current_setting('fsync') AS fsync,
  current_setting('full_page_writes') AS pages, current_setting('synchronous_standby_names') AS standbys,
  pg_is_in_recovery()::text AS recovers, current_setting('default_transaction_read_only') AS readonly,
  current_setting('default_transaction_isolation') AS isolation,
  (SELECT setting FROM pg_settings WHERE name = 'statement_timeout') AS statement,
  (SELECT setting FROM pg_settings WHERE name = 'lock_timeout') AS lock,
  current_setting('max_connections') AS connections, (SELECT count(*)::text FROM pg_stat_activity) AS used`
const CLOCK = `SELECT (extract(epoch FROM clock_timestamp()) * 1000)::text AS now`
const TABLE = `SELECT c.relpersistence AS persistence, coalesce(s.n_live_tup, 0)::text AS rows,
  coalesce(s.n_dead_tup, 0)::text AS dead, pg_size_pretty(pg_total_relation_size(c.oid)) AS size,
  (SELECT string_agg(r, ', ') FROM unnest(string_to_array($3, ' ')) AS r
    WHERE NOT has_table_privilege(c.oid, r)) AS lacking, has_schema_privilege(n.oid, 'USAGE')::text AS enters,
  (SELECT max(extract(epoch FROM now() - xact_start))::bigint::text FROM pg_stat_activity
    WHERE state LIKE 'idle in transaction%') AS idle
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    LEFT JOIN pg_stat_user_tables AS s ON s.relid = c.oid
  WHERE n.nspname = $1 AND c.relname = $2`

/** Empty where the server cannot be asked: the opening says why. `facts` where the store could be opened. */
export async function postgresFindings(url: string, facts: Facts | undefined): Promise<readonly Finding[]> {
  const { Client } = (await import('pg')).default
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: ANSWER_WITHIN_MS,
    query_timeout: ANSWER_WITHIN_MS,
    application_name: 'holdfast doctor',
  })
  client.on('error', () => undefined)
  const ask: Ask = async (text, values = []) => (await client.query<Row>(text, [...values])).rows[0]
  try {
    await client.connect()
    const server = (await ask(SERVER)) ?? {}
    const [schema, table] = [named(url, 'schema', 'holdfast'), named(url, 'table', 'lines')]
    const lines = await ask(TABLE, [schema, table, 'SELECT INSERT UPDATE'])
    const waiters = await ask(TABLE, [schema, `${table}_waiters`, 'SELECT INSERT UPDATE DELETE'])
    const nowMs = async (): Promise<number> => Number((await ask(CLOCK))?.['now'])
    const own = [...serverFindings(server), ...poolerFinding(facts), await clockFinding(nowMs)]
    return [...own, ...tableFindings(lines, waiters?.['lacking'] ?? null)]
  } catch {
    return []
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** As the library reads it from the URL. */
function named(url: string, what: 'schema' | 'table', otherwise: string): string {
  return new URLSearchParams(/\?([^#]*)/.exec(url)?.[1]).get(`holdfast_${what}`) ?? otherwise
}

function serverFindings(row: Row): readonly Finding[] {
  const { version, commit, fsync, pages, standbys, isolation, connections } = row
  const used = Number(row['used'])
  const isSafe = commit !== 'off' && fsync === 'on' && pages === 'on'
  const isTimed = [row['statement'], row['lock']].some((ms) => Number(ms) > 0 && Number(ms) < TIMEOUT_MS_MIN)
  return [
    finding('version', `PostgreSQL ${version}`, Number(row['number']) < VERSION_MIN, [
      'note',
      'This version was never tried: 15 and 18 were.',
    ]),
    finding('role', roleOf(row), row['recovers'] === 'true' || row['readonly'] === 'on', [
      'problem',
      'Connect to the primary, with a user whose default_transaction_read_only is off.',
    ]),
    finding(
      'commit',
      `synchronous_commit ${commit}, fsync ${fsync}, full_page_writes ${pages}, ${standbys === '' ? 'no standby is waited for' : 'standbys are waited for'}`,
      !isSafe,
      ['note', 'A crash or a power cut may undo grants: set all three to on, for the user of the locks at least.'],
    ),
    finding('isolation', `transactions are ${isolation} unless they say otherwise`, isolation !== 'read committed', [
      'note',
      'Harmless, and dearer: a step that loses is refused and repeated under a lock. Set read committed for this user.',
    ]),
    finding('timeouts', `statement_timeout ${row['statement']} ms, lock_timeout ${row['lock']} ms`, isTimed, [
      'note',
      'So short a limit ends steps whenever the server is busy. Give this user at least a second.',
    ]),
    connectionsFinding(used, Number(connections)),
  ]
}

function roleOf(row: Row): string {
  if (row['recovers'] === 'true') return 'a standby, which takes no writes'
  return row['readonly'] === 'on' ? 'a primary, and this user may only read' : 'a primary'
}

function poolerFinding(facts: Facts | undefined): readonly Finding[] {
  if (facts === undefined) return []
  return [
    finding('pooler', facts.wakeUp === 'push' ? 'LISTEN hears' : 'LISTEN is deaf', facts.wakeUp !== 'push', [
      'note',
      'A pooler in transaction mode stands between: waiters look by themselves. Connect past it for turns that come at once.',
    ]),
  ]
}

function tableFindings(row: Row | undefined, lackingOfWaiters: string | null): readonly Finding[] {
  if (row === undefined) return [absentTable('postgres')]
  const { rows, dead, size, idle, lacking } = row
  const missing = [
    ...(row['enters'] === 'true' ? [] : ['USAGE on the schema']),
    ...(lacking === null || lacking === undefined ? [] : [lacking]),
    ...(lackingOfWaiters === null ? [] : [`${lackingOfWaiters} on the table of waiters`]),
  ]
  const isBloated = Number(dead) > DEAD_ROWS_MIN && Number(dead) > Number(rows) * DEAD_SHARE
  const sleeper = idle === null ? '' : ` A transaction stands idle for ${idle} s and may keep them.`
  return [
    finding('table', row['persistence'] === 'p' ? 'is logged' : 'is UNLOGGED', row['persistence'] !== 'p', [
      'note',
      'A crash of the server empties it, and every lock is free then: ALTER TABLE … SET LOGGED.',
    ]),
    rightsFinding(missing, 'docs/postgres.md'),
    finding('bloat', `${dead} dead rows beside ${rows} living ones, ${size}`, isBloated, [
      'note',
      `Vacuum does not keep up: VACUUM the table, and let autovacuum come to it earlier.${sleeper}`,
    ]),
  ]
}
