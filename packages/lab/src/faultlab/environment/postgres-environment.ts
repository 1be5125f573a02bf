/** PostgreSQL under a run: one server, and a standby that takes over where a failover is asked for. */
import type { Engine } from '@holdfast/testbed/engines/engine'
import { start } from '@holdfast/testbed/engines/postgres/server'
import { until } from '@holdfast/testbed/engines/until'
import { openProxy } from '@holdfast/testbed/proxy/proxy'
import pg from 'pg'
import { type Closing, closeAll } from './disposal.ts'
import type { EnvironmentServer, Persistence, Succeeded, Succession } from './environment.ts'
import type { Follower, Redirect, ServerKind } from './server-environment.ts'

const ANSWER_WITHIN_MS = 5_000
const LINKED_WITHIN_MS = 30_000
/** Not in the schema of the locks. */
const CANARY = 'public.holdfast_lab_canary'

type Row = Readonly<Record<string, unknown>>

export const postgresKind: ServerKind = {
  count: 1,
  start: ({ folder, environment }, persistence) =>
    start({
      ...durable(persistence),
      ...(folder !== undefined && { folder }),
      ...(environment !== undefined && { environment }),
    }),
  async remember(engine, word) {
    await ask(engine, `CREATE TABLE IF NOT EXISTS ${CANARY} (word text)`)
    await ask(engine, `INSERT INTO ${CANARY} VALUES ($1)`, [word])
  },
  async recall(engine) {
    const [row] = await ask(engine, `SELECT word FROM ${CANARY} ORDER BY ctid DESC LIMIT 1`)
    return typeof row?.['word'] === 'string' ? row['word'] : undefined
  },
  async wallMs(engine) {
    const [row] = await ask(engine, 'SELECT extract(epoch FROM clock_timestamp()) * 1000 AS ms')
    return Number(row?.['ms'])
  },
  split: (storeUrl) => [storeUrl],
  join: ([url = '']) => url,
  follow,
}

/** In Redis' words: at every commit, soon after it, or whenever the system likes to. */
function durable(persistence: Persistence): { fsync: boolean; config: Readonly<Record<string, string>> } {
  return {
    fsync: persistence !== 'none',
    config: { synchronous_commit: persistence === 'always' ? 'local' : 'off', wal_keep_size: '256MB' },
  }
}

async function ask(
  engine: Pick<Engine, 'url'>,
  text: string,
  values: readonly unknown[] = [],
): Promise<readonly Row[]> {
  const client = new pg.Client({
    connectionString: engine.url,
    connectionTimeoutMillis: ANSWER_WITHIN_MS,
    query_timeout: ANSWER_WITHIN_MS,
  })
  client.on('error', () => undefined)
  try {
    await client.connect()
    return (await client.query<Row>(text, [...values])).rows
  } finally {
    await client.end().catch(() => undefined)
  }
}

async function follow(primary: EnvironmentServer, persistence: Persistence): Promise<Follower> {
  const line = new Line(primary, persistence)
  await line.addStandby()
  return { succession: (redirect) => line.succession(redirect), close: () => line.close() }
}

/** The primary and its standby; after a failover there is a new standby, made as a copy of the new primary. */
class Line {
  readonly #server: EnvironmentServer
  readonly #persistence: Persistence
  readonly #closing: Closing[] = []
  #primary: Engine
  #standby: { readonly engine: Engine; cut(): void } | undefined

  constructor(server: EnvironmentServer, persistence: Persistence) {
    this.#server = server
    this.#persistence = persistence
    this.#primary = server.engine
  }

  async addStandby(): Promise<void> {
    const link = await openProxy(this.#primary)
    this.#closing.push(() => link.close())
    const environment = this.#server.clock?.environment
    const standbyOf = { host: link.host, port: link.port }
    const engine = await start({ ...durable(this.#persistence), standbyOf, ...(environment && { environment }) })
    this.#closing.push(() => engine.close())
    const streams = async (): Promise<boolean> =>
      (await ask(this.#primary, `SELECT 1 FROM pg_stat_replication WHERE state = 'streaming'`)).length > 0
    await until(streams, { withinMs: LINKED_WITHIN_MS, what: 'that the standby follows' })
    this.#standby = { engine, cut: () => link.set({ kind: 'black-hole' }) }
  }

  succession(redirect: Redirect): Succession {
    return {
      name: this.#server.name,
      alone: (work) => this.#server.alone(work),
      failOver: (deafMs, sleep) => this.#failOver(deafMs, sleep, redirect),
    }
  }

  /** The standby hears nothing for a while, as when the network between the two is slow, and then the primary dies. */
  async #failOver(deafMs: number, sleep: (ms: number) => Promise<void>, redirect: Redirect): Promise<Succeeded> {
    const [dying, heir] = [this.#primary, this.#standby]
    if (heir === undefined) throw new Error('there is no standby')
    heir.cut()
    await sleep(deafMs)
    const [told] = await ask(dying, `SELECT pg_current_wal_lsn() - '0/0' AS bytes`)
    const [heard] = await ask(heir.engine, `SELECT pg_last_wal_receive_lsn() - '0/0' AS bytes`)
    await dying.kill()
    await ask(heir.engine, 'SELECT pg_promote(true, 30)')
    this.#primary = heir.engine
    redirect(heir.engine)
    await this.addStandby()
    return { behindBytes: Number(told?.['bytes']) - Number(heard?.['bytes']), end: 'killed' }
  }

  close(): Promise<void> {
    return closeAll(this.#closing)
  }
}
