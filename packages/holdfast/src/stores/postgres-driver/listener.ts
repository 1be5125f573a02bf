/**
 * The one connection of a process that hears notices: connected again whenever it breaks, and asked now and then whether
 * it is still there, because a connection that was cut without a word is silent as well.
 */
import { StoreUnavailable } from '../../store/errors.ts'
import { ATTEMPT_MS_MAX } from '../../store/limits.ts'
import { answerWithin } from '../../time/call-limit.ts'
import type { ScheduledItem, Timers } from '../../time/timer-queue.ts'
import { quotedName } from '../sql/names.ts'
import { postgresError } from './errors.ts'
import type { ListeningConnection, PostgresDriver } from './driver.ts'

const CHECK_EVERY_MS = 10_000
const RETRY_MS_MIN = 100
const RETRY_MS_MAX = 5_000

export interface ListenerEvents {
  onPayload(payload: string): void
  /** Connected again: notices may have been missed. */
  onUp(): void
  onTrouble(error: StoreUnavailable): void
}

export class PgListener {
  readonly #connect: PostgresDriver['listener']
  readonly #channel: string
  readonly #timers: Timers
  readonly #events: ListenerEvents
  #client: ListeningConnection | undefined
  #retryMs = RETRY_MS_MIN
  /** The next check, or the next try to connect: one at a time. */
  #alarm: ScheduledItem<() => void> | undefined
  #isClosed = false
  #isHeard = false

  constructor(connect: PostgresDriver['listener'], channel: string, timers: Timers, events: ListenerEvents) {
    this.#connect = connect
    this.#channel = channel
    this.#timers = timers
    this.#events = events
  }

  async open(): Promise<void> {
    const client = this.#connect({
      onLost: (error) => this.#lost(client, error),
      onPayload: (payload) => {
        this.#isHeard = true
        this.#events.onPayload(payload)
      },
    })
    try {
      await this.#inTime(client.connect())
      await this.#inTime(client.query(`LISTEN ${quotedName(this.#channel)}`))
    } catch (error) {
      client.end().catch(ignore)
      throw postgresError(error, 'listening', true)
    }
    if (this.#isClosed) return void client.end().catch(ignore)
    this.#client = client
    this.#retryMs = RETRY_MS_MIN
    this.#checkLater(client)
  }

  /**
   * Whether it hears what `notify` sends to it; if not, it is closed: behind a pooler LISTEN is answered and deaf. A server
   * tells a connection of notices before it answers its next statement. A pooler may hear one by chance, when the connection of
   * the server that listens is the next one it gives, so the process of the server has to be its own as well.
   */
  async hears(notify: () => Promise<unknown>): Promise<boolean> {
    try {
      await notify()
      if ((await this.#client?.hasItsProcess()) === false) this.#isHeard = false
    } catch (error) {
      this.close()
      throw postgresError(error, 'listening')
    }
    if (!this.#isHeard) this.close()
    return this.#isHeard
  }

  close(): void {
    this.#isClosed = true
    if (this.#alarm !== undefined) this.#timers.cancel(this.#alarm)
    this.#client?.end().catch(ignore)
    this.#client = undefined
  }

  #lost(client: ListeningConnection, error?: unknown): void {
    if (this.#client !== client) return
    this.#client = undefined
    client.end().catch(ignore)
    const cause = postgresError(error ?? new Error('the connection ended'), 'listening', true)
    if (cause instanceof StoreUnavailable) this.#events.onTrouble(cause)
    this.#openLater()
  }

  #openLater(): void {
    this.#later(() => {
      if (this.#isClosed) return
      this.open().then(
        () => this.#events.onUp(),
        () => this.#openLater(),
      )
    }, this.#retryMs)
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MS_MAX)
  }

  #checkLater(client: ListeningConnection): void {
    this.#later(() => {
      if (this.#client !== client) return
      this.#inTime(client.query('SELECT 1')).then(
        () => this.#checkLater(client),
        (error: unknown) => this.#lost(client, error),
      )
    }, CHECK_EVERY_MS)
  }

  #later(work: () => void, delayMs: number): void {
    if (this.#alarm !== undefined) this.#timers.cancel(this.#alarm)
    this.#alarm = this.#timers.addIn(work, delayMs)
  }

  #inTime<Answer>(call: Promise<Answer>): Promise<Answer> {
    return answerWithin(this.#timers, call, ATTEMPT_MS_MAX, 'listening')
  }
}

function ignore(): void {}
