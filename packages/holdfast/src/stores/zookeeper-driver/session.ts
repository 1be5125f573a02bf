/**
 * One session: what lives in it ends with it. It moves to another server when a connection ends, and takes its watches
 * along. No connection is not the end of it, and an answered ping is no lease. Nothing is asked twice here.
 */
import { driversWords } from '../../store/drivers-words.ts'
import { type Stamp, stampOf } from '../../time/clock.ts'
import type { StoreEnvironment } from '../../store/store.ts'
import { type ValueReader, ValueWriter } from './bytes.ts'
import { ZookeeperConnection, type SessionGrant, type ZookeeperServer } from './connection.ts'
import { AnswerMissing, CODE, RequestUnsent, ServerRefusal, SessionOver } from './failures.ts'
import { LifeSigns } from './life-signs.ts'
import { type NodeChange, NodeWatches } from './node-watches.ts'
import { OPERATION } from './requests.ts'
import type { SessionOptions } from './session-options.ts'

/** The next server is tried at once; between rounds over all of them there is a pause. */
const ROUND_PAUSE_MS_MIN = 50
const ROUND_PAUSE_MS_MAX = 1_000
/** Requests that wait for a connection. */
const WAITING_MAX = 10_000
/** A server ends a connection that sends more, unless `jute.maxbuffer` was raised. */
const REQUEST_BYTES_MAX = 1_000_000
const NUMBER_MAX = 2 ** 31 - 1
const CHANGES: Readonly<Record<number, Exclude<NodeChange, 'lost'>>> = {
  1: 'created',
  2: 'deleted',
  3: 'changed',
  4: 'children',
}

export interface SessionRequest {
  readonly what: string
  readonly operation: number
  readonly body: Buffer
  /** Codes that are an answer, too. @default none */
  accepts?(code: number, reader: ValueReader): boolean
}

type SessionEnvironment = Pick<StoreEnvironment, 'clock' | 'timers'>

export class ZookeeperSession {
  readonly watches: NodeWatches = new NodeWatches()
  readonly #options: SessionOptions
  readonly #environment: SessionEnvironment
  #next: number
  #grant: SessionGrant
  #life: LifeSigns | undefined
  #connection: ZookeeperConnection | undefined
  #waiting: PromiseWithResolvers<ZookeeperConnection>[] = []
  #isConnecting = false
  #over: SessionOver | undefined
  /** Why the last try of each server gave no connection. */
  readonly #failures = new Map<ZookeeperServer, Error>()
  #number = 0
  #seenAt = 0n
  #connectCount = 0

  private constructor(options: SessionOptions, environment: SessionEnvironment) {
    this.#options = options
    this.#environment = environment
    this.#grant = options.resumed ?? { timeoutMs: options.timeoutMs, sessionId: 0n, password: Buffer.alloc(16) }
    // Many sessions of one list spread over its servers.
    this.#next = Math.floor(Math.random() * options.servers.length)
  }

  /** Rejects with `RequestUnsent` when no server grants it in time, and with `SessionOver`. */
  static async open(options: SessionOptions, environment: SessionEnvironment): Promise<ZookeeperSession> {
    const session = new ZookeeperSession(options, environment)
    try {
      await session.#connected()
    } catch (error) {
      session.abandon()
      throw error
    }
    return session
  }

  /** What the servers granted, by which another program could go on with it. */
  get grant(): SessionGrant {
    return this.#grant
  }

  /** Undefined while it lives, as far as is known here. */
  get over(): SessionOver | undefined {
    return this.#over
  }

  /** How often it was connected. */
  get connectCount(): number {
    return this.#connectCount
  }

  /** Whether what it makes belongs to its user alone. */
  get hasUser(): boolean {
    return this.#options.user !== undefined
  }

  /** The newest moment at which a server has heard of it. */
  get newestSign(): Stamp | undefined {
    return this.#life?.newest
  }

  /** The newest moment at which the leader, which alone ends sessions, has surely heard of it. */
  knownToLeader(lagMs: number): Stamp | undefined {
    return this.#life?.knownToLeader(lagMs)
  }

  /** Written at once where there is a connection, so that requests keep their order and may leave together. */
  ask<Answer>(
    { what, operation, body, accepts }: SessionRequest,
    read: (reader: ValueReader, code: number) => Answer,
  ): Promise<Answer> {
    if (body.length > REQUEST_BYTES_MAX) {
      return Promise.reject(
        new RequestUnsent(`${what} has ${body.length} bytes; at most ${REQUEST_BYTES_MAX} are sent`),
      )
    }
    const send = (connection: ZookeeperConnection): Promise<Answer> =>
      new Promise((resolve, reject) => {
        const answer = (code: number, reader: ValueReader): void => {
          if (code !== CODE.ok && accepts?.(code, reader) !== true) return reject(this.#refusal(code, what))
          const value = read(reader, code)
          reader.end()
          resolve(value)
        }
        this.#number = this.#number === NUMBER_MAX ? 1 : this.#number + 1
        connection.send(this.#number, operation, body, { answer, fail: reject })
      })
    return this.#withConnection(send)
  }

  /** Resolves with the moment before it was sent. Behind an unanswered request of this session it waits for that one. */
  ping(): Promise<Stamp> {
    return this.#withConnection(
      (connection) =>
        new Promise((resolve, reject) => {
          const answer = (sentAt: Stamp): void => {
            this.#life?.answered(sentAt)
            resolve(sentAt)
          }
          connection.ping({ answer, fail: reject })
        }),
    )
  }

  /** Ends it and what lives in it. Without an answer it ends by itself when its time is over. */
  async close(): Promise<void> {
    if (this.#over !== undefined) return
    const asked = { what: 'the end of the session', operation: OPERATION.closeSession, body: Buffer.alloc(0) }
    await this.ask(asked, () => undefined).catch(() => undefined)
    this.abandon()
  }

  /** Leaves it to end by itself, as if the process had died. */
  abandon(): void {
    this.#end(new SessionOver('closed', 'the session was closed'))
  }

  /** Leaves the server that it is connected to for the next one. */
  leaveServer(): void {
    this.#connection?.end(new Error('another server was asked for'))
  }

  #withConnection<Answer>(send: (connection: ZookeeperConnection) => Promise<Answer>): Promise<Answer> {
    if (this.#over !== undefined) return Promise.reject(this.#over)
    return this.#connection === undefined ? this.#connected().then(send) : send(this.#connection)
  }

  #refusal(code: number, what: string): Error {
    if (code === CODE.sessionExpired) {
      const over = new SessionOver('expired', 'the session expired')
      this.#end(over)
      return over
    }
    if (code !== CODE.sessionMoved) return new ServerRefusal(code, what)
    this.leaveServer()
    return new RequestUnsent(`${what}: the session had moved to another server`)
  }

  #connected(): Promise<ZookeeperConnection> {
    if (this.#waiting.length >= WAITING_MAX) {
      return Promise.reject(new RequestUnsent(`${WAITING_MAX} requests wait for a connection already`))
    }
    const waiting = Promise.withResolvers<ZookeeperConnection>()
    this.#waiting.push(waiting)
    const late = (): void => {
      this.#waiting = this.#waiting.filter((each) => each !== waiting)
      waiting.reject(this.#failure())
    }
    const alarm = this.#environment.timers.addIn(late, this.#options.silenceMs)
    const settled = (): void => this.#environment.timers.cancel(alarm)
    waiting.promise.then(settled, settled)
    if (!this.#isConnecting) void this.#connect(0)
    return waiting.promise
  }

  /** One server after the other, with a pause after each round, until there is a connection or the session is over. */
  async #connect(failureCount: number): Promise<void> {
    this.#isConnecting = true
    const { servers } = this.#options
    const server = servers[this.#next % servers.length]
    this.#next += 1
    if (server === undefined) return
    const { clock, timers } = this.#environment
    const askedAt = stampOf(clock)
    const silenceMs = this.#options.silenceMs / Math.min(servers.length, 3)
    const greeting = { ...this.#grant, seenAt: this.#seenAt }
    try {
      const tls = await this.#options.tls?.()
      const opened = await ZookeeperConnection.open(server, { clock, timers, tls, silenceMs }, greeting)
      this.#isConnecting = false
      this.#took(opened.connection, opened.grant, askedAt)
    } catch (error) {
      if (error instanceof Error) this.#failures.set(server, error)
      this.#again(failureCount + 1, error)
    }
  }

  #again(failureCount: number, error: unknown): void {
    this.#isConnecting = false
    if (this.#over !== undefined) return
    const { clock, timers } = this.#environment
    const silentMs = clock.monotonicMs() - (this.#life?.newest.monotonicMs ?? clock.monotonicMs())
    // No request waits for it, and its time is long over: trying on could only find it expired.
    if (this.#waiting.length === 0 && silentMs > 2 * this.#grant.timeoutMs) {
      return this.#end(new SessionOver('expired', `no server was reached for ${silentMs} ms: ${driversWords(error)}`))
    }
    this.#isConnecting = true
    const { length } = this.#options.servers
    const round = Math.floor(failureCount / length)
    // What waits is told once all servers have failed, and may ask again.
    if (failureCount % length === 0) for (const waiting of this.#waiting.splice(0)) waiting.reject(this.#failure())
    const pauseMs = round === 0 ? 0 : Math.min(ROUND_PAUSE_MS_MIN * 2 ** round, ROUND_PAUSE_MS_MAX)
    timers.addIn(() => void (this.#over ?? this.#connect(failureCount)), pauseMs * (0.5 + Math.random() / 2))
  }

  #failure(): RequestUnsent {
    const failures = [...this.#failures.values()]
    const names = this.#options.servers.map(({ host, port }) => `${host}:${port}`).join(', ')
    const words = failures.length === 0 ? 'nothing was answered' : failures.map(driversWords).join('; ')
    return new RequestUnsent(`no session at any of ${names}: ${words}`, { cause: failures[0] })
  }

  #took(connection: ZookeeperConnection, grant: SessionGrant, askedAt: Stamp): void {
    if (this.#over !== undefined) return connection.end(this.#over)
    if (grant.timeoutMs <= 0) {
      connection.end(new Error('the session expired'))
      return this.#end(new SessionOver('expired', 'the session expired'))
    }
    this.#grant = grant
    if (this.#life === undefined) this.#life = new LifeSigns(askedAt)
    else this.#life.confirmed(askedAt)
    this.#connectCount += 1
    this.#connection = connection
    this.#failures.clear()
    connection.follow({
      onAnswer: (changedAt) => (this.#seenAt = changedAt > this.#seenAt ? changedAt : this.#seenAt),
      onWatch: (reader) => this.#told(reader),
      onAuth: (code) => {
        if (code !== CODE.ok) this.#end(new SessionOver('refused', `the user was refused (code ${code})`))
      },
      onEnd: (cause) => this.#lost(connection, cause),
    })
    this.#options.onConnect?.()
    if (this.#options.user !== undefined) connection.authenticate('digest', this.#options.user)
    for (const body of this.watches.bodies(this.#seenAt)) connection.watchAgain(body)
    for (const waiting of this.#waiting.splice(0)) waiting.resolve(connection)
  }

  #lost(connection: ZookeeperConnection, cause: Error): void {
    if (this.#connection !== connection) return
    this.#connection = undefined
    if (this.#over !== undefined) return
    this.#options.onTrouble?.(cause)
    if (!this.#isConnecting) void this.#connect(0)
  }

  #told(reader: ValueReader): void {
    const change = CHANGES[reader.int()]
    // The state of the connection, which is known from the connection itself.
    reader.int()
    const path = reader.text()
    reader.end()
    if (change !== undefined) this.watches.notify(change, path)
  }

  #end(over: SessionOver): void {
    if (this.#over !== undefined) return
    this.#over = over
    this.#connection?.end(new AnswerMissing(over.message))
    this.#connection = undefined
    for (const waiting of this.#waiting.splice(0)) waiting.reject(over)
    this.watches.lose()
  }
}

export function bodyOf(fill: (writer: ValueWriter) => ValueWriter): Buffer {
  return fill(new ValueWriter()).finish()
}
