/** One connection of the driver `postgres`, for one work after the other. */
import type { ConnectionSource, PooledConnection } from '../sql/driver.ts'
import { withValues } from './literals.ts'
import type { MakePostgresJs, PostgresJs } from './postgres-js.ts'
import { rowsIn } from './raw-rows.ts'

const ignore = (): void => undefined
const CLOSE_WITHIN_S = 1

export class OwnConnection implements ConnectionSource {
  readonly #make: MakePostgresJs
  #sql: PostgresJs
  #turn: Promise<unknown> = Promise.resolve()

  constructor(make: MakePostgresJs) {
    this.#make = make
    this.#sql = make({})
  }

  async connect(): Promise<PooledConnection> {
    const before = this.#turn
    const { promise, resolve } = Promise.withResolvers<unknown>()
    this.#turn = before.then(() => promise)
    await before
    const sql = this.#sql
    let isTransaction = false
    return {
      query: async (text, values = []) => rowsIn(await sql.unsafe(withValues(text, values)).simple().raw())[0] ?? [],
      async script(text) {
        isTransaction = true
        return rowsIn(await sql.unsafe(text).simple().raw())
      },
      release: (error) => {
        if (error !== undefined && (isTransaction || isOver(error))) this.#renew()
        resolve(undefined)
      },
    }
  }

  async close(): Promise<void> {
    await this.#sql.end({ timeout: CLOSE_WITHIN_S })
  }

  /** What was not answered, or stands in a transaction, goes away with its connection. */
  #renew(): void {
    this.#sql.end({ timeout: 0 }).catch(ignore)
    this.#sql = this.#make({})
  }
}

/** Not an answer of the server: none came in time, or the connection broke, of which the driver tells the next one as well (3.4.9). */
function isOver(error: unknown): boolean {
  const { code, severity } = (error ?? {}) as { readonly code?: unknown; readonly severity?: unknown }
  return code !== undefined && (severity === undefined || severity === 'FATAL')
}
