/** Connections out of a pool of `pg`, each for one work: bounded in time, with the errors that a store may throw. */
import { NotApplied, OutcomeUnknown } from '../../store/errors.ts'
import { ATTEMPT_MS_MAX } from '../../store/limits.ts'
import { answerWithin } from '../../time/call-limit.ts'
import type { Timers } from '../../time/timer-queue.ts'
import type { SqlConnection, SqlPool, SqlRow } from '../sql/driver.ts'
import type { PgPool, PgPoolClient } from './client.ts'
import { postgresError } from './errors.ts'

const ignore = (): void => undefined

export class PgConnections implements SqlPool {
  readonly #pool: PgPool
  readonly #timers: Timers

  constructor(pool: PgPool, timers: Timers) {
    this.#pool = pool
    this.#timers = timers
  }

  async use<Result>(what: string, work: (connection: SqlConnection) => Promise<Result>): Promise<Result> {
    const client = await this.#checkedOut(what)
    // One that breaks while it is out tells of it itself.
    client.on('error', ignore)
    try {
      const result = await work(connectionOf(client))
      client.removeListener('error', ignore)
      client.release()
      return result
    } catch (error) {
      client.release(true)
      throw postgresError(error, what)
    }
  }

  async close(): Promise<void> {
    await this.#pool.end()
  }

  /** What could not be sent in time is not sent at all: nobody would wait for its answer any more. */
  async #checkedOut(what: string): Promise<PgPoolClient> {
    let isLate = false
    const connecting = this.#pool.connect()
    connecting.then((client) => {
      if (isLate) client.release()
    }, ignore)
    const inTime = answerWithin(this.#timers, connecting, ATTEMPT_MS_MAX, what)
    try {
      return await inTime
    } catch (error) {
      isLate = true
      if (error instanceof OutcomeUnknown) {
        const words = `no connection of the pool became free within ${ATTEMPT_MS_MAX} ms: give it more (max), or this store a pool of its own`
        throw new NotApplied(`${what}: ${words}`)
      }
      throw postgresError(error, what, true)
    }
  }
}

function connectionOf(client: Pick<PgPoolClient, 'query'>): SqlConnection {
  return {
    // Not prepared by name: behind a pooler the next statement may meet another connection of the server.
    query: async (text, values = []) => rowsOf(await client.query({ text, values, query_timeout: ATTEMPT_MS_MAX })),
    script: async (text) => {
      const results = await client.query({ text, query_timeout: ATTEMPT_MS_MAX })
      return (Array.isArray(results) ? results : [results]).map(rowsOf)
    },
  }
}

function rowsOf(result: unknown): readonly SqlRow[] {
  return (result as { readonly rows: readonly SqlRow[] }).rows
}
