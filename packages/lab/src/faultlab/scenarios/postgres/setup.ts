/** What the replays on PostgreSQL have in common: a server, a session beside the lock, and a look at who waits for a row. */
import type { Engine } from '@holdfast/testbed/engines/engine'
import { type PostgresOptions, start } from '@holdfast/testbed/engines/postgres/server'
import pg from 'pg'
import { soon } from '../redis/setup.ts'
import type { LockChoice } from '../../traffic/order.ts'
import type { ScenarioSetup } from '../scenario-setup.ts'

const BLOCKED = `SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' ORDER BY query_start`

export function server(setup: ScenarioSetup, options: PostgresOptions = {}): Promise<Engine> {
  return setup.keep(start(options))
}

/** Of a program that uses the database beside the lock. */
export async function openSession(setup: ScenarioSetup, { url }: Engine): Promise<pg.Client> {
  const session = new pg.Client({ connectionString: url })
  // Its server may be killed.
  session.on('error', () => undefined)
  await session.connect()
  await setup.keep(Promise.resolve({ [Symbol.asyncDispose]: () => session.end().catch(() => undefined) }))
  return session
}

/** The processes of the server that wait for a lock, as soon as there are so many; the one that asked first comes first. */
export async function blockedProcesses(session: pg.Client, count: number): Promise<readonly number[]> {
  let pids: readonly number[] = []
  await soon(`${count} statements that wait for a lock`, async () => {
    pids = (await session.query<{ pid: number }>(BLOCKED)).rows.map(({ pid }) => pid)
    return pids.length >= count
  })
  return pids
}

/** A lock of this folder, as a program of its own would bring it. */
export function naiveLock(file: string): LockChoice {
  return { kind: 'module', url: new URL(file, import.meta.url).href }
}
