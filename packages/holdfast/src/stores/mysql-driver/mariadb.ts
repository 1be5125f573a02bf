/** The driver `mariadb`: as much of it as is used, and connections of our own beside a pool of the user's. */
import { StoreUnavailable } from '../../store/errors.ts'
import { ATTEMPT_MS_MAX } from '../../store/limits.ts'
import type { ConnectionSource, PooledConnection } from '../sql/driver.ts'
import { type MysqlDriver, type OnMade, OWN_POOL_MAX, rowsOf, rowsOfEach, SESSION } from './driver.ts'

/** A pool of `mariadb`. */
export interface MariadbPool {
  getConnection(): Promise<object>
  end(): Promise<void>
  totalConnections(): number
  activeConnections(): number
}

interface MariadbConnection {
  query(query: object): Promise<unknown>
  release(): Promise<void>
  destroy(): void
}

interface EventPool extends MariadbPool {
  on(event: 'acquire', listener: (connection: { readonly opts?: object }) => void): unknown
  on(event: 'connection', listener: () => void): unknown
  on(event: 'error', listener: (error: unknown) => void): unknown
  removeListener(event: 'acquire' | 'error', listener: (...values: never[]) => void): unknown
}

export interface MariadbModule {
  createPool(options: object | string): MariadbPool
}

const ignore = (): void => undefined
/** Of the driver's own: it asks again by itself for so long before it says why. */
const LIMITS = { acquireTimeout: 2 * ATTEMPT_MS_MAX, connectTimeout: ATTEMPT_MS_MAX, initializationTimeout: 1_000 }

export function isMariadbPool(value: unknown): value is MariadbPool {
  return typeof value === 'object' && value !== null && 'getConnection' in value && 'totalConnections' in value
}

export async function mariadbOfUrl(module: MariadbModule, url: string, onMade: OnMade): Promise<MysqlDriver> {
  const { searchParams } = new URL(url)
  const hasLimit = searchParams.has('connectionLimit')
  const pool = module.createPool(
    `${url}${hasLimit ? '' : `${searchParams.size === 0 ? '?' : '&'}connectionLimit=${OWN_POOL_MAX}`}`,
  )
  try {
    return await driverBeside(module, pool as EventPool, onMade, async () => await pool.end())
  } catch (error) {
    await pool.end()
    throw error
  }
}

export async function mariadbOfPool(module: MariadbModule, pool: MariadbPool, onMade: OnMade): Promise<MysqlDriver> {
  return await driverBeside(module, pool as EventPool, onMade, async () => undefined)
}

async function driverBeside(
  { createPool }: MariadbModule,
  pool: EventPool,
  onMade: OnMade,
  closeAsks: () => Promise<void>,
): Promise<MysqlDriver> {
  const asks = new MariadbSource(pool)
  const options = await optionsOf(pool, asks)
  const own = (): EventPool =>
    createPool({
      ...options,
      ...LIMITS,
      // As it was understood already.
      charset: undefined,
      collation: undefined,
      connectionLimit: 1,
      multipleStatements: true,
      initSql: SESSION,
    }) as EventPool
  const [keeps, locks] = [own(), own()]
  keeps.on('connection', onMade)
  const sources = [new MariadbSource(keeps), new MariadbSource(locks)] as const
  return {
    asks,
    keeps: sources[0],
    locks: sources[1],
    close: async () => {
      asks.end()
      await Promise.all([keeps.end(), locks.end(), closeAsks()])
    },
  }
}

/** A pool of this driver hides its options, and shows them with the connection that it gives out. */
async function optionsOf(pool: EventPool, source: ConnectionSource): Promise<object> {
  let options: object | undefined
  const see = ({ opts }: { readonly opts?: object }): void => void (options ??= opts)
  pool.on('acquire', see)
  try {
    const connection = await source.connect()
    connection.release()
  } finally {
    pool.removeListener('acquire', see)
  }
  if (options === undefined) {
    throw new StoreUnavailable('opening: this pool of mariadb does not show its options: give mysql() the URL', {
      isFinal: true,
    })
  }
  return options
}

class MariadbSource implements ConnectionSource {
  readonly #pool: EventPool
  /** What is asked for a connection and waits. */
  readonly #waiting = new Set<(error: unknown) => void>()

  constructor(pool: EventPool) {
    this.#pool = pool
    pool.on('error', this.#fail)
  }

  end(): void {
    this.#pool.removeListener('error', this.#fail)
  }

  connect(): Promise<PooledConnection> {
    return new Promise((resolve, reject) => {
      let isWaiting = true
      const fail = (error: unknown): void => {
        isWaiting = false
        reject(error)
      }
      this.#waiting.add(fail)
      this.#pool
        .getConnection()
        .then((given) => {
          const connection = pooled(given as MariadbConnection)
          if (isWaiting) resolve(connection)
          else connection.release()
        }, fail)
        .finally(() => this.#waiting.delete(fail))
    })
  }

  /** The pool says at once why it cannot connect, and to those who wait much later. */
  readonly #fail = (error: unknown): void => {
    if (this.#pool.activeConnections() > 0) return
    for (const fail of this.#waiting) fail(error)
  }
}

function pooled(connection: MariadbConnection): PooledConnection {
  const ask = (sql: string): Promise<unknown> => connection.query({ ...AS_TEXT, sql })
  return {
    query: async (sql) => rowsOf(await ask(sql)),
    script: async (sql) => rowsOfEach(await ask(sql)),
    release(error) {
      if (error === undefined) connection.release().catch(ignore)
      else connection.destroy()
    },
  }
}

/** Whatever the pool's own options make of columns: numbers of 64 bits stay exact, and bytes are UTF-8. */
const AS_TEXT = {
  rowsAsArray: false,
  metaAsArray: false,
  nestTables: false,
  namedPlaceholders: false,
  typeCast: (column: { buffer(): Buffer | null }): string | null => column.buffer()?.toString('utf8') ?? null,
}
