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
  removeListener(event: 'acquire', listener: (connection: object) => void): unknown
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
  const asks = sourceOf(pool)
  const options = await optionsOf(pool)
  const own = (): EventPool =>
    createPool({
      ...options,
      ...LIMITS,
      // As it was understood already.
      charset: undefined,
      collation: undefined,
      connectionLimit: 1,
      // Made when it is first asked for.
      minimumIdle: 0,
      multipleStatements: true,
      initSql: SESSION,
    }) as EventPool
  const [keeps, locks] = [own(), own()]
  keeps.on('connection', onMade)
  return {
    asks,
    keeps: sourceOf(keeps),
    locks: sourceOf(locks),
    close: async () => {
      await Promise.all([keeps.end(), locks.end(), closeAsks()])
    },
  }
}

// A program may open hundreds of stores over one pool, and an emitter warns of more than ten listeners.
const optionsSeen = new WeakMap<EventPool, Promise<object>>()
const sources = new WeakMap<EventPool, MariadbSource>()

/** A pool of this driver hides its options, and shows them with the connection that it gives out. */
function optionsOf(pool: EventPool): Promise<object> {
  let seen = optionsSeen.get(pool)
  if (seen === undefined) {
    seen = optionsShown(pool)
    optionsSeen.set(pool, seen)
    seen.catch(() => optionsSeen.delete(pool))
  }
  return seen
}

async function optionsShown(pool: EventPool): Promise<object> {
  let options: object | undefined
  const see = ({ opts }: { readonly opts?: object }): void => void (options ??= opts)
  pool.on('acquire', see)
  try {
    const connection = await sourceOf(pool).connect()
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

function sourceOf(pool: EventPool): MariadbSource {
  let source = sources.get(pool)
  if (source === undefined) sources.set(pool, (source = new MariadbSource(pool)))
  return source
}

class MariadbSource implements ConnectionSource {
  readonly #pool: EventPool
  /** What is asked for a connection and waits. */
  readonly #waiting = new Set<(error: unknown) => void>()

  constructor(pool: EventPool) {
    this.#pool = pool
    pool.on('error', (error) => this.#fail(error))
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
  #fail(error: unknown): void {
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
      if (error === undefined) void given(connection)
      else connection.destroy()
    },
  }
}

async function given(connection: MariadbConnection): Promise<void> {
  await connection.release().catch(ignore)
}

/** Whatever the pool's own options make of columns: numbers of 64 bits stay exact, and bytes are UTF-8. */
const AS_TEXT = {
  rowsAsArray: false,
  metaAsArray: false,
  nestTables: false,
  namedPlaceholders: false,
  typeCast: (column: { buffer(): Buffer | null }): string | null => column.buffer()?.toString('utf8') ?? null,
}
