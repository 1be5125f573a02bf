/** One real database for a measurement in other processes: it waits for its disk at every commit, as one that keeps locks should. */
import { readdirSync, readFileSync } from 'node:fs'
import type { Readings } from '../slices.ts'
import { type Kind, kinds } from './databases.ts'

export interface SqlServer {
  readonly url: string
  /** Bytes of the log of changes, where the server tells, and the CPU of all of its processes. */
  readings(): Promise<Readings>
}

/** PostgreSQL and MariaDB of this machine's Debian. */
export const stableKinds: readonly Kind[] = kinds.filter(({ release }) => release === 'stable')

export async function withSqlServer<T>({ driver }: Kind, work: (server: SqlServer) => Promise<T>): Promise<T> {
  await using engine = await driver.start({ storage: 'disk' })
  const { url } = engine
  const readings = async (): Promise<Readings> => ({
    ...(url.startsWith('postgres') ? { logBytes: await walBytes(url) } : {}),
    serverCpuMs: cpuMsOf(engine.pid ?? 0),
  })
  return await work({ url, readings })
}

async function walBytes(url: string): Promise<number> {
  const { Client } = (await import('pg')).default
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<{ bytes: string }>(`SELECT pg_current_wal_lsn() - '0/0' AS bytes`)
    return Number(rows[0]?.bytes)
  } finally {
    await client.end()
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
