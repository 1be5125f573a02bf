/**
 * One connection to one server, over which answers come in the order of the requests. It is judged by its last answer and
 * not by each request: under load every answer is late, and a connection that is dropped for that makes it worse.
 */
import { connect as connectPlain, type Socket } from 'node:net'
import { connect as connectTls, type SecureContextOptions } from 'node:tls'
import { driversWords } from '../../store/drivers-words.ts'
import { codeOf } from '../../store/engine-errors.ts'
import { type Clock, type Stamp, stampOf } from '../../time/clock.ts'
import type { ScheduledItem, Timers } from '../../time/timer-queue.ts'
import { MalformedAnswer, ValueReader, ValueWriter } from './bytes.ts'
import { AnswerMissing, RequestUnsent } from './failures.ts'
import { packetOf, PacketReader } from './packets.ts'
import { OPERATION } from './requests.ts'

/** Numbers that stand for what is no request of a caller. */
const WATCH_EVENT = -1
const PING = -2
const AUTH = -4
const SET_WATCHES = -8
const PASSWORD_BYTES_MAX = 1_024
/** As Node says it of a connection that the other side closed. */
const CLOSED = 'ECONNRESET'
const PLAIN_HINT = 'It has not found the other servers yet, or this is its port for TLS (write zookeepers:)'
const TLS_HINT = 'It is starting, or this is not its port for TLS (secureClientPort)'

export interface ZookeeperServer {
  readonly host: string
  readonly port: number
}

export interface SessionGreeting {
  /** The newest change that was seen: a server that is behind it refuses the connection. */
  readonly seenAt: bigint
  readonly timeoutMs: number
  /** 0 for a new one. */
  readonly sessionId: bigint
  readonly password: Uint8Array
}

export interface SessionGrant {
  /** 0: the session is over. */
  readonly timeoutMs: number
  readonly sessionId: bigint
  readonly password: Buffer
}

export interface ZookeeperHost {
  readonly clock: Clock
  readonly timers: Timers
  /** The certificates, where it speaks TLS. */
  readonly tls: SecureContextOptions | undefined
  /** So long a connection may take, and so long nothing may be answered while something is asked. */
  readonly silenceMs: number
}

export interface ConnectionEvents {
  /** `changedAt`: the newest change that the server knew of. */
  onAnswer(changedAt: bigint): void
  onWatch(reader: ValueReader): void
  onAuth(code: number): void
  /** Once. */
  onEnd(cause: Error): void
}

interface UnansweredRequest {
  readonly number: number
  readonly sentAt: Stamp
  answer(code: number, reader: ValueReader): void
  fail(error: Error): void
}

interface UnansweredPing {
  readonly sentAt: Stamp
  answer(sentAt: Stamp): void
  fail(error: Error): void
}

export class ZookeeperConnection {
  readonly #socket: Socket
  readonly #host: ZookeeperHost
  readonly #name: string
  readonly #packets = new PacketReader()
  readonly #requests: UnansweredRequest[] = []
  readonly #pings: UnansweredPing[] = []
  #events: ConnectionEvents | undefined
  #greet: ((body: Buffer) => void) | undefined
  #outgoing: Buffer[] = []
  #heardAtMs: number
  #check: ScheduledItem<() => void> | undefined
  #endedBy: Error | undefined

  private constructor(socket: Socket, host: ZookeeperHost, name: string) {
    this.#socket = socket
    this.#host = host
    this.#name = name
    this.#heardAtMs = host.clock.monotonicMs()
    socket.setNoDelay(true)
    socket.on('error', (error) => this.end(error))
    socket.on('close', () => this.end(Object.assign(new Error('the server closed it'), { code: CLOSED })))
    socket.on('data', (chunk: Buffer) => this.#received(chunk))
  }

  /** Connects, and asks for a session or for one that exists. Rejects with `RequestUnsent`. */
  static open(
    server: ZookeeperServer,
    host: ZookeeperHost,
    greeting: SessionGreeting,
  ): Promise<{ readonly connection: ZookeeperConnection; readonly grant: SessionGrant }> {
    const name = `${server.host}:${server.port}`
    const { promise, resolve, reject } = Promise.withResolvers<SessionGrant>()
    const socket =
      host.tls === undefined
        ? connectPlain({ host: server.host, port: server.port })
        : connectTls({ ...host.tls, host: server.host, port: server.port })
    const connection = new ZookeeperConnection(socket, host, name)
    const late = (): void => connection.end(new Error(`no session within ${host.silenceMs} ms`))
    // After a stall of the event loop timers come before the answers that have long arrived.
    const alarm = host.timers.addIn(() => void host.clock.schedule(0, late), host.silenceMs)
    connection.#greet = (body) => {
      host.timers.cancel(alarm)
      connection.#greet = undefined
      resolve(grantIn(new ValueReader(body)))
    }
    connection.#events = {
      onAnswer: () => undefined,
      onWatch: () => undefined,
      onAuth: () => undefined,
      onEnd: (cause) => {
        host.timers.cancel(alarm)
        const told = cause.cause ?? cause
        const hint = codeOf(told) === CLOSED ? `. ${host.tls === undefined ? PLAIN_HINT : TLS_HINT}` : ''
        reject(new RequestUnsent(`${name}: ${driversWords(told)}${hint}`, { cause }))
      },
    }
    socket.once(host.tls === undefined ? 'connect' : 'secureConnect', () =>
      socket.write(packetOf(greetingOf(greeting))),
    )
    return promise.then((grant) => ({ connection, grant }))
  }

  get isOpen(): boolean {
    return this.#endedBy === undefined
  }

  /** From here on its events go to the session. */
  follow(events: ConnectionEvents): void {
    this.#events = events
    if (this.#endedBy !== undefined) events.onEnd(this.#endedBy)
  }

  send(number: number, operation: number, body: Buffer, handlers: Pick<UnansweredRequest, 'answer' | 'fail'>): void {
    if (this.#endedBy !== undefined) return handlers.fail(new RequestUnsent(this.#endedBy.message))
    this.#requests.push({ number, sentAt: stampOf(this.#host.clock), ...handlers })
    this.#write(new ValueWriter().int(number).int(operation).finish(), body)
    this.#watchOver()
  }

  ping(handlers: Omit<UnansweredPing, 'sentAt'>): void {
    if (this.#endedBy !== undefined) return handlers.fail(new RequestUnsent(this.#endedBy.message))
    this.#pings.push({ sentAt: stampOf(this.#host.clock), ...handlers })
    this.#write(new ValueWriter().int(PING).int(OPERATION.ping).finish())
    this.#watchOver()
  }

  authenticate(scheme: string, credentials: string): void {
    const writer = new ValueWriter().int(AUTH).int(OPERATION.auth)
    this.#write(writer.int(0).text(scheme).text(credentials).finish())
  }

  watchAgain(body: Buffer): void {
    this.#write(new ValueWriter().int(SET_WATCHES).int(OPERATION.setWatches2).finish(), body)
  }

  /** Everything that is unanswered stays so. */
  end(cause: unknown): void {
    if (this.#endedBy !== undefined) return
    const words = `the connection to ${this.#name} ended: ${driversWords(cause)}`
    this.#endedBy = new AnswerMissing(words, { cause })
    if (this.#check !== undefined) this.#host.timers.cancel(this.#check)
    this.#socket.destroy()
    for (const open of [...this.#requests.splice(0), ...this.#pings.splice(0)]) open.fail(this.#endedBy)
    this.#events?.onEnd(this.#endedBy)
  }

  /** What is written in one turn of the loop leaves in one packet of the network. */
  #write(...parts: readonly Buffer[]): void {
    const packet = packetOf(Buffer.concat(parts))
    if (this.#outgoing.push(packet) > 1) return
    queueMicrotask(() => {
      const all = this.#outgoing
      this.#outgoing = []
      if (this.isOpen) this.#socket.write(Buffer.concat(all))
    })
  }

  #received(chunk: Buffer): void {
    if (!this.isOpen) return
    try {
      for (const body of this.#packets.push(chunk)) {
        if (!this.isOpen) return
        if (this.#greet === undefined) this.#read(new ValueReader(body))
        else this.#greet(body)
      }
    } catch (error) {
      this.end(error)
    }
  }

  #read(reader: ValueReader): void {
    this.#heardAtMs = this.#host.clock.monotonicMs()
    const number = reader.int()
    const changedAt = reader.long()
    const code = reader.int()
    if (number === PING) {
      reader.end()
      const ping = this.#pings.shift()
      if (ping === undefined) throw new MalformedAnswer('a ping was answered that was not sent')
      return ping.answer(ping.sentAt)
    }
    if (number === WATCH_EVENT) return this.#events?.onWatch(reader)
    if (number === AUTH) return this.#events?.onAuth(code)
    if (number === SET_WATCHES) return reader.end()
    const request = this.#requests.shift()
    if (request?.number !== number) {
      const expected = request?.number ?? 'nothing'
      request?.fail(new AnswerMissing(`the answer to ${number} came in its place`))
      throw new MalformedAnswer(`an answer to ${number} came where one to ${expected} was due`)
    }
    this.#answer(request, code, reader, changedAt)
  }

  #answer(request: UnansweredRequest, code: number, reader: ValueReader, changedAt: bigint): void {
    try {
      request.answer(code, reader)
    } catch (error) {
      request.fail(new AnswerMissing(driversWords(error), { cause: error }))
      throw error
    }
    this.#events?.onAnswer(changedAt)
  }

  #watchOver(): void {
    if (this.#check !== undefined || !this.isOpen) return
    this.#check = this.#host.timers.addIn(
      () => void this.#host.clock.schedule(0, () => this.#judge()),
      this.#silentForMs(),
    )
  }

  /** How long it may still be silent. */
  #silentForMs(): number {
    const sentAtMs = Math.min(
      this.#requests[0]?.sentAt.monotonicMs ?? Number.POSITIVE_INFINITY,
      this.#pings[0]?.sentAt.monotonicMs ?? Number.POSITIVE_INFINITY,
    )
    return Math.max(sentAtMs, this.#heardAtMs) + this.#host.silenceMs - this.#host.clock.monotonicMs()
  }

  #judge(): void {
    this.#check = undefined
    if (!this.isOpen || this.#requests.length + this.#pings.length === 0) return
    if (this.#silentForMs() <= 0) this.end(new Error(`no answer to anything for ${this.#host.silenceMs} ms`))
    else this.#watchOver()
  }
}

function greetingOf({ seenAt, timeoutMs, sessionId, password }: SessionGreeting): Buffer {
  // The version of the protocol comes first; that a server which may only read will not do, last.
  return new ValueWriter().int(0).long(seenAt).int(timeoutMs).long(sessionId).bytes(password).flag(false).finish()
}

function grantIn(reader: ValueReader): SessionGrant {
  reader.int()
  const timeoutMs = reader.int()
  const sessionId = reader.long()
  const password = reader.bytes()
  // Servers before 3.4 do not say whether they may only read.
  if (reader.leftBytes > 0) reader.flag()
  reader.end()
  if (password.length > PASSWORD_BYTES_MAX) throw new MalformedAnswer(`a password had ${password.length} bytes`)
  return { timeoutMs, sessionId, password }
}
