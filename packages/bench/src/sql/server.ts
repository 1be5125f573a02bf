/** One real database for a measurement in other processes: it waits for its disk at every commit, as one that keeps locks should. */
import { readdirSync, readFileSync } from 'node:fs'
import type { RowDataPacket } from 'mysql2/promise'
import type { Readings } from '../slices.ts'
import { type Kind, kinds } from './databases.ts'

export interface SqlServer {
  readonly url: string
  /** Bytes of the log of changes, how often it was flushed, and the CPU of all processes of the server. */
  readings(): Promise<Readings>
}

/** PostgreSQL and MariaDB of this machine's Debian. */
export const stableKinds: readonly Kind[] = kinds.filter(({ release }) => release === 'stable')

export async function withSqlServer<T>({ driver }: Kind, work: (server: SqlServer) => Promise<T>): Promise<T> {
  await using engine = await driver.start({ storage: 'disk' })
  const { url } = engine
  const readings = async (): Promise<Readings> => ({
    ...(url.startsWith('postgres') ? await logOfPostgres(url) : await logOfMysql(url)),
    serverCpuMs: cpuMsOf(engine.pid ?? 0),
  })
  return await work({ url, readings })
}

async function logOfPostgres(url: string): Promise<Readings> {
  const { Client } = (await import('pg')).default
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<Readonly<Record<string, string>>>(
      `SELECT pg_current_wal_lsn() - '0/0' AS bytes, wal_sync AS flushes FROM pg_stat_wal`,
    )
    return { logBytes: Number(rows[0]?.['bytes']), flushes: Number(rows[0]?.['flushes']) }
  } finally {
    await client.end()
  }
}

async function logOfMysql(url: string): Promise<Readings> {
  const { createConnection } = await import('mysql2/promise')
  const connection = await createConnection({ uri: url.replace(/^mariadb:/, 'mysql:') })
  try {
    const [rows] = await connection.query<RowDataPacket[]>("SHOW GLOBAL STATUS LIKE 'Innodb_os_log_%'")
    const found = new Map(rows.map((row) => [String(row['Variable_name']), Number(row['Value'])]))
    return {
      logBytes: found.get('Innodb_os_log_written') ?? Number.NaN,
      flushes: found.get('Innodb_os_log_fsyncs') ?? Number.NaN,
    }
  } finally {
    await connection.end()
  }
}

const TICKS_PER_SECOND = 100

/** Its own and that of its children: PostgreSQL has a process for each connection. */
function cpuMsOf(pid: number): number {
  const ticks = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => statOf(name))
    .filter(({ id, parent }) => id === pid || parent === pid)
    .reduce((sum, { ticks }) => sum + ticks, 0)
  return (ticks * 1000) / TICKS_PER_SECOND
}

/** See proc_pid_stat(5); nothing for a process that has ended meanwhile. */
function statOf(name: string): { readonly id: number; readonly parent: number; readonly ticks: number } {
  try {
    const fields = readFileSync(`/proc/${name}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
    return { id: Number(name), parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) }
  } catch {
    return { id: Number(name), parent: 0, ticks: 0 }
  }
}
