/** The driver `pg`: as much of it as is used, and connections of our own beside a pool of the user's. */
import { codeOf } from '../../store/engine-errors.ts'
import { StoreUnavailable } from '../../store/errors.ts'
import { ATTEMPT_MS_MAX } from '../../store/limits.ts'
import type { ConnectionSource, PooledConnection, SqlRow } from '../sql/driver.ts'
import type { ListeningConnection, ListeningEvents, PostgresDriver } from './driver.ts'

/** A `Pool` of `pg`. */
export interface PgPool {
  connect(done: (error: Error | undefined, client: PgPoolClient | undefined) => void): void
  end(): Promise<void>
  readonly options: object
}

/** What a `Pool` of `pg` gives out. */
export interface PgPoolClient {
  query(query: object | string): Promise<unknown>
  on(event: 'error', listener: () => void): unknown
  removeListener(event: 'error', listener: () => void): unknown
  release(isBroken?: boolean): void
}

/** A `Client` of `pg` that only listens. */
interface PgClient extends Omit<ListeningConnection, 'hasItsProcess'> {
  readonly processID?: number | null
  on(event: 'notification', listener: (message: { readonly payload?: string | undefined }) => void): unknown
  on(event: 'error' | 'end', listener: (error?: unknown) => void): unknown
}

type PoolClass = new (options: object) => PgPool & { readonly Client: new (options: object) => PgClient }
type MadePool = InstanceType<PoolClass>

const ignore = (): void => undefined
const PROCESS = 'SELECT pg_backend_pid() AS pid'
/** The user's pool is asked by enter and look alone; a URL's is our own. */
const OWN_POOL_MAX = 8
const OWN_OPTIONS = { connectionTimeoutMillis: ATTEMPT_MS_MAX, keepAlive: true }

export function isPgPool(value: unknown): value is PgPool {
  return typeof value === 'object' && value !== null && 'connect' in value && 'options' in value && 'Client' in value
}

export async function driverOfUrl(url: string): Promise<PostgresDriver> {
  const module: unknown = await import('pg').catch((cause: unknown) => {
    throw new StoreUnavailable(
      'a postgres: URL needs the package pg: npm install pg, or give postgres() a pool of your own',
      { cause, isFinal: true },
    )
  })
  const { Pool } = (module as { readonly default: { readonly Pool: PoolClass } }).default
  const asks = new Pool({ ...OWN_OPTIONS, connectionString: url, max: OWN_POOL_MAX })
  ignoreErrors(asks)
  return driverBeside(asks, async () => await asks.end())
}

export function driverOfPool(pool: PgPool): PostgresDriver {
  return driverBeside(pool as MadePool, async () => undefined)
}

/** Its class and its options make more connections of the same kind. */
function driverBeside(asks: MadePool, closeAsks: () => Promise<void>): PostgresDriver {
  const given = asks.options as { readonly password?: unknown }
  // The password is not enumerable, so that no log shows it.
  const options = { ...given, ...(given.password === undefined ? {} : { password: given.password }), ...OWN_OPTIONS }
  const keeps = new (asks.constructor as PoolClass)({ ...options, max: 1, idleTimeoutMillis: 0 })
  ignoreErrors(keeps)
  const names: StatementNames = { areUsed: false }
  return {
    asks: sourceOf(asks, names),
    keeps: sourceOf(keeps, names),
    prepare: () => void (names.areUsed = true),
    listener: (events) => listening(new asks.Client(options), events),
    close: async () => {
      await Promise.all([keeps.end(), closeAsks()])
    },
  }
}

/** Behind a pooler the next statement may meet another connection of the server, where the name is unknown or means something else. */
interface StatementNames {
  areUsed: boolean
}

const NAME_LOST: ReadonlySet<string | undefined> = new Set(['26000', '42P05'])

/**
 * By a callback, which the pool calls at once: between a promise and who waits for it a message of the server may be read
 * that the connection is ended, and without a listener the process would end by it.
 */
function sourceOf(pool: PgPool, names: StatementNames): ConnectionSource {
  return {
    connect: () =>
      new Promise((resolve, reject) => {
        pool.connect((error, client) => {
          if (client === undefined) reject(error ?? new Error('the pool gave no connection'))
          else resolve(pooled(client, names))
        })
      }),
  }
}

function pooled(client: PgPoolClient, names: StatementNames): PooledConnection {
  // One that breaks while it is out tells of it itself.
  client.on('error', ignore)
  return {
    async query(text, values = [], name) {
      const isNamed = name !== undefined && names.areUsed
      try {
        return rowsOf((await client.query(isNamed ? { name, text, values } : { text, values })) as PgResult)
      } catch (error) {
        if (isNamed && NAME_LOST.has(codeOf(error))) names.areUsed = false
        throw error
      }
    },
    async script(text) {
      const results = (await client.query(text)) as PgResult | readonly PgResult[]
      return [results].flat().flatMap((result) => (result.fields.length === 0 ? [] : [rowsOf(result)]))
    },
    release(error) {
      // One that broke may tell of it later.
      if (error === undefined) client.removeListener('error', ignore)
      client.release(error !== undefined)
    },
  }
}

interface PgResult {
  readonly rows: readonly SqlRow[]
  readonly fields: readonly unknown[]
}

function rowsOf({ rows }: PgResult): readonly SqlRow[] {
  return rows
}

function listening(client: PgClient, { onPayload, onLost }: ListeningEvents): ListeningConnection {
  client.on('error', onLost)
  client.on('end', () => onLost())
  client.on('notification', ({ payload }) => onPayload(payload ?? ''))
  return {
    connect: () => client.connect(),
    query: (text) => client.query(text),
    async hasItsProcess() {
      const [row] = rowsOf((await client.query(PROCESS)) as PgResult)
      return typeof client.processID === 'number' ? Number(row?.['pid']) === client.processID : undefined
    },
    end: () => client.end(),
  }
}

/** A pool tells of idle connections that broke, and without a listener the process would end by it. */
function ignoreErrors(pool: object): void {
  const { on } = pool as { readonly on: (event: 'error', listener: () => void) => unknown }
  on.call(pool, 'error', ignore)
}
