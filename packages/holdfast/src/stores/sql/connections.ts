/** Connections of a driver, each for one work: bounded in time, with the errors that a store may throw. */
import { NotApplied, OutcomeUnknown } from '../../store/errors.ts'
import { ATTEMPT_MS_MAX } from '../../store/limits.ts'
import { answerWithin } from '../../time/call-limit.ts'
import type { Timers } from '../../time/timer-queue.ts'
import type { ConnectionSource, PooledConnection, SqlConnection, SqlPool } from './driver.ts'

const ignore = (): void => undefined

/** What a store throws for an error of its driver. `isUnsent`: there was no connection yet. */
export type SqlErrorOf = (error: unknown, what: string, isUnsent?: boolean) => unknown

export class Connections implements SqlPool {
  readonly #source: ConnectionSource
  readonly #timers: Timers
  readonly #errorOf: SqlErrorOf

  constructor(source: ConnectionSource, timers: Timers, errorOf: SqlErrorOf) {
    this.#source = source
    this.#timers = timers
    this.#errorOf = errorOf
  }

  async use<Result>(what: string, work: (connection: SqlConnection) => Promise<Result>): Promise<Result> {
    const connection = await this.#checkedOut(what)
    try {
      const result = await work(this.#bounded(connection, what))
      connection.release()
      return result
    } catch (error) {
      connection.release(error)
      throw this.#errorOf(error, what)
    }
  }

  #bounded(connection: PooledConnection, what: string): SqlConnection {
    const inTime = async <Answer>(answer: Promise<Answer>): Promise<Answer> => {
      try {
        return await answerWithin(this.#timers, answer, ATTEMPT_MS_MAX, what)
      } catch (error) {
        throw error instanceof OutcomeUnknown && connection.withdraw?.() === true ? noConnection(what) : error
      }
    }
    return {
      query: (text, values, name) => inTime(connection.query(text, values, name)),
      script: (text) => inTime(connection.script(text)),
    }
  }

  /** What could not be sent in time is not sent at all: nobody would wait for its answer any more. */
  async #checkedOut(what: string): Promise<PooledConnection> {
    let isLate = false
    const connecting = this.#source.connect()
    connecting.then((connection) => {
      if (isLate) connection.release()
    }, ignore)
    try {
      return await answerWithin(this.#timers, connecting, ATTEMPT_MS_MAX, what)
    } catch (error) {
      isLate = true
      if (error instanceof OutcomeUnknown) throw noConnection(what)
      throw this.#errorOf(error, what, true)
    }
  }
}

function noConnection(what: string): NotApplied {
  const words = `no connection of the pool became free within ${ATTEMPT_MS_MAX} ms: give it more connections, or this store a pool of its own`
  return new NotApplied(`${what}: ${words}`)
}
