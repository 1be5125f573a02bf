/**
 * The driver `postgres` (porsager), by its plain statements alone. Its `reserve()` loses a connection whenever one cannot be
 * made (3.4.9), so what needs a connection for itself has one of ours. Every statement goes as text with its values in
 * it: with values apart the driver asks the server for their types first, or keeps the statement prepared by name.
 */
import { StoreUnavailable } from '../../store/errors.ts'
import { ATTEMPT_MS_MAX } from '../../store/limits.ts'
import type { PooledConnection, SqlRow } from '../sql/driver.ts'
import type { ListeningConnection, ListeningEvents, PostgresDriver } from './driver.ts'
import { withValues } from './literals.ts'
import { OwnConnection } from './own-connection.ts'
import type { MakePostgresJs, PostgresJs, PostgresJsQuery } from './postgres-js.ts'
import { rowsIn } from './raw-rows.ts'

const ignore = (): void => undefined
const NONE = { from: undefined, to: undefined }
const CLOSE_WITHIN_S = 1
/** A name of a column that most transforms make another one of. */
const COLUMN = 'ends_us'

export async function driverOfPostgresJs(given: PostgresJs): Promise<PostgresDriver> {
  const module: unknown = await import('postgres').catch((cause: unknown) => {
    throw new StoreUnavailable(
      'the package postgres, of which postgres() got an instance, cannot be loaded from here',
      {
        cause,
        isFinal: true,
      },
    )
  })
  const factory = (module as { readonly default: MakePostgresJs }).default
  const options = ownOptions(given.options)
  const make: MakePostgresJs = (more) => factory({ ...options, ...more })
  const [keeps, steps] = [new OwnConnection(make), new OwnConnection(make)]
  const isReadable = nameOf(COLUMN, given.options) === COLUMN
  const asks = isReadable ? given : make({ max: (given.options as { readonly max?: number }).max ?? 1 })
  return {
    asks: { connect: async () => new SharedConnection(asks, steps) },
    keeps,
    listener: (events) => listening(make, events),
    async close() {
      await Promise.all([keeps.close(), steps.close(), ...(isReadable ? [] : [asks.end({ timeout: CLOSE_WITHIN_S })])])
    },
  }
}

/** The options that the driver has read, as it makes its own listening connection of them. */
function ownOptions(given: object): object {
  return {
    ...given,
    max: 1,
    idle_timeout: null,
    max_lifetime: null,
    // Before the limit of a call, which says less.
    connect_timeout: ATTEMPT_MS_MAX / 1000 - 1,
    // A pause before the next try is the client's.
    backoff: 0,
    // It asks for them in a promise that nobody watches.
    fetch_types: false,
    transform: { undefined: undefined, column: NONE, value: NONE, row: NONE },
    shared: { retries: 0, typeArrayMap: {} },
    parameters: {},
    onclose: ignore,
    // It would be printed.
    onnotice: ignore,
    onnotify: undefined,
    debug: false,
  }
}

interface ReadOptions {
  readonly transform?: { readonly column?: { readonly from?: ((name: string) => unknown) | null } }
}

function nameOf(column: string, options: object): unknown {
  const { transform } = options as ReadOptions
  return transform?.column?.from?.(column) ?? column
}

/** Single statements over the instance of the user; a transaction over a connection of ours. */
class SharedConnection implements PooledConnection {
  readonly #sql: PostgresJs
  readonly #steps: OwnConnection
  #asked: Withdrawable | undefined
  #own: Promise<PooledConnection> | undefined

  constructor(sql: PostgresJs, steps: OwnConnection) {
    this.#sql = sql
    this.#steps = steps
  }

  async query(text: string, values: readonly unknown[] = []): Promise<readonly SqlRow[]> {
    const asked = this.#sql.unsafe(withValues(text, values)).simple()
    this.#asked = asked as PostgresJsQuery & Withdrawable
    return rowsIn(await asked.raw())[0] ?? []
  }

  async script(text: string): Promise<readonly (readonly SqlRow[])[]> {
    this.#asked = undefined
    this.#own ??= this.#steps.connect()
    return (await this.#own).script(text)
  }

  /** A statement that is taken out of the queue leaves the connection that was made for it in no queue at all (3.4.9). */
  withdraw(): boolean {
    if (this.#asked?.state !== null || this.#asked.strings === undefined) return false
    this.#asked.strings = ['SELECT 1']
    return true
  }

  release(failure?: unknown): void {
    this.#own?.then((own) => own.release(failure), ignore)
  }
}

/** What a statement has beside its types: where it was sent, and the text that will be. */
interface Withdrawable {
  readonly state?: unknown
  strings?: readonly string[]
}

/** Rows of this driver have beside them what the server said of its process. */
type ProcessRows = readonly { readonly pid?: unknown }[] & { readonly state?: { readonly pid?: number } }

function listening(make: MakePostgresJs, { onPayload, onLost }: ListeningEvents): ListeningConnection {
  const sql = make({
    onnotify: (_channel: string, payload: string) => onPayload(payload),
    onclose: () => onLost(),
  })
  const query = async (text: string): Promise<unknown> => await sql.unsafe(text).simple()
  return {
    connect: () => query('SELECT 1'),
    query,
    async hasItsProcess() {
      const rows = (await query('SELECT pg_backend_pid() AS pid')) as ProcessRows
      return rows.state?.pid === undefined ? undefined : Number(rows[0]?.pid) === rows.state.pid
    },
    end: () => sql.end({ timeout: 0 }),
  }
}
