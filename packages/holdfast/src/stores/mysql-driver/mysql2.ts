/** The driver `mysql2`: as much of it as is used, and connections of our own beside a pool of the user's. */
import { ATTEMPT_MS_MAX } from '../../store/limits.ts'
import type { ConnectionSource, PooledConnection } from '../sql/driver.ts'
import { type MysqlDriver, type OnMade, OWN_POOL_MAX, rowsOf, rowsOfEach, SESSION } from './driver.ts'

/** A pool of `mysql2/promise`. */
export interface Mysql2Pool {
  getConnection(): Promise<object>
  end(): Promise<void>
  /** The pool beneath, which answers by callbacks. */
  readonly pool: object
}

interface PromiseConnection {
  /** The one beneath. That over it notes for each statement where it was called, which takes a tenth of a pair. */
  readonly connection: {
    query(query: object, done: (error: Error | null | undefined, result: unknown) => void): unknown
  }
  on(event: 'error', listener: () => void): unknown
  removeListener(event: 'error', listener: () => void): unknown
  release(): unknown
  destroy(): void
}

interface CallbackConnection {
  query(query: object, done: () => void): unknown
  on(event: 'error', listener: () => void): unknown
}

interface CallbackPool {
  readonly config: { readonly connectionConfig: { readonly clientFlags: number } }
  on(event: 'connection', listener: (connection: CallbackConnection) => void): unknown
  promise(): Mysql2Pool
}

type CallbackPoolClass = new (options: { readonly config: object }) => CallbackPool

export interface Mysql2Module {
  createPool(options: object): Mysql2Pool
}

const ignore = (): void => undefined
/** CLIENT_MULTI_STATEMENTS of the protocol. */
const SEVERAL_STATEMENTS = 0x1_00_00

export function isMysql2Pool(value: unknown): value is Mysql2Pool {
  return (
    typeof value === 'object' &&
    value !== null &&
    'getConnection' in value &&
    'pool' in value &&
    typeof value.pool === 'object'
  )
}

export function mysql2OfUrl({ createPool }: Mysql2Module, uri: string, onMade: OnMade): MysqlDriver {
  const pool = createPool({ uri, connectionLimit: OWN_POOL_MAX, connectTimeout: ATTEMPT_MS_MAX })
  return driverBeside(pool, onMade, async () => await pool.end())
}

export function mysql2OfPool(pool: Mysql2Pool, onMade: OnMade): MysqlDriver {
  return driverBeside(pool, onMade, async () => undefined)
}

function driverBeside(pool: Mysql2Pool, onMade: OnMade, closeAsks: () => Promise<void>): MysqlDriver {
  const [keeps, locks] = [ownPool(pool, onMade), ownPool(pool, ignore)]
  return {
    asks: sourceOf(pool),
    keeps: sourceOf(keeps),
    locks: sourceOf(locks),
    close: async () => {
      await Promise.all([keeps.end(), locks.end(), closeAsks()])
    },
  }
}

/** One connection with the settings of the user's pool: its class is asked, because a program may have several copies of the driver. */
function ownPool(beside: Mysql2Pool, onMade: OnMade): Mysql2Pool {
  const { config, constructor } = beside.pool as CallbackPool & { readonly constructor: CallbackPoolClass }
  const connectionConfig = changed(config.connectionConfig, {
    multipleStatements: true,
    clientFlags: config.connectionConfig.clientFlags | SEVERAL_STATEMENTS,
    connectTimeout: ATTEMPT_MS_MAX,
  })
  const limits = { connectionLimit: 1, maxIdle: 1, queueLimit: 0, waitForConnections: true, resetOnRelease: false }
  const pool = new constructor({ config: changed(config, { ...limits, connectionConfig }) })
  pool.on('connection', (connection) => {
    connection.on('error', ignore)
    // Carried out before what the connection was made for.
    for (const sql of SESSION) connection.query({ sql }, ignore)
    onMade()
  })
  return pool.promise()
}

/** With its prototype, and with what is not enumerable, as passwords are. */
function changed(original: object, changes: object): object {
  const copy = {}
  Object.setPrototypeOf(copy, Reflect.getPrototypeOf(original))
  Object.defineProperties(copy, Object.getOwnPropertyDescriptors(original))
  return Object.assign(copy, changes)
}

function sourceOf(pool: Mysql2Pool): ConnectionSource {
  return { connect: async () => pooled((await pool.getConnection()) as PromiseConnection) }
}

function pooled(connection: PromiseConnection): PooledConnection {
  connection.on('error', ignore)
  const ask = (sql: string): Promise<unknown> =>
    new Promise((resolve, reject) => {
      connection.connection.query({ ...AS_TEXT, sql }, (error, result) => {
        if (error === null || error === undefined) resolve(result)
        else reject(error)
      })
    })
  return {
    query: async (sql) => rowsOf(await ask(sql)),
    script: async (sql) => rowsOfEach(await ask(sql)),
    release(error) {
      if (error !== undefined) return connection.destroy()
      connection.removeListener('error', ignore)
      connection.release()
    },
  }
}

/** Whatever the pool's own options make of columns: numbers of 64 bits stay exact, and bytes are UTF-8. */
const AS_TEXT = {
  rowsAsArray: false,
  nestTables: false,
  typeCast: (field: { buffer(): Buffer | null }): string | null => field.buffer()?.toString('utf8') ?? null,
}
