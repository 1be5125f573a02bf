/**
 * One HTTP/2 connection to one member, and gRPC on it. It is judged by its last answer and not by each call: under load
 * every answer is late, and a connection that is dropped for that makes it worse. A member that is cut off from the others
 * answers its pings and no calls; a machine that is gone answers neither.
 */
import {
  connect,
  constants,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
} from 'node:http2'
import type { SecureContextOptions } from 'node:tls'
import { ATTEMPT_MS_MAX } from '../../store/limits.ts'
import type { Timers, ScheduledItem } from '../../time/timer-queue.ts'
import type { Clock } from '../../time/clock.ts'
import { type EtcdEndpoint, nameOf } from './address.ts'
import { ConnectionFailure, failureIn, GRPC, GrpcFailure } from './failures.ts'
import { framed, FrameReader } from './frames.ts'

/** A call stands without an answer for so long: the leader that it was passed on to may be gone. */
const QUIET_MS = 1_000
/** While that goes on, it is asked again so soon whether there is another one. */
const QUIET_AGAIN_MS = 200
/** Calls stand without an answer, and none came to any other: the member is away, or cut off from the others. */
const SILENCE_MS_MAX = 3_000
const SILENT = `no answer to anything for ${SILENCE_MS_MAX} ms`
/** An etcd ends a connection whose pings come more often than every five seconds. */
const PING_AFTER_MS = 5_500
const PING_ANSWER_MS = 3_000
const WINDOW_BYTES = 1024 * 1024

type CallHeaders = Readonly<Record<string, string>>

export interface ConnectionHost {
  readonly clock: Clock
  readonly timers: Timers
  /** The certificates, where it speaks TLS. */
  readonly tls: SecureContextOptions | undefined
  /** Without a cause it was the wish of the server. */
  onEnd(connection: EtcdConnection, cause?: unknown): void
  /** A call is not answered, and it may be asked what is wrong; again each time that this goes on. */
  onQuiet(connection: EtcdConnection): void
}

interface StreamHandlers {
  onMessage(message: Uint8Array): void
  /** Once. */
  onEnd(failure: unknown): void
}

export interface GrpcStream {
  write(message: Uint8Array): void
  end(): void
}

interface CallOptions {
  /** Under which leader it is asked. @default 0n, which is: nobody knows */
  readonly term?: bigint
  /** It says nothing of the calls beside it, because the member answers it alone. @default false */
  readonly isAside?: boolean
}

interface OpenCall {
  readonly sentAtMs: number
  readonly term: bigint
  fail(failure: ConnectionFailure): void
}

export class EtcdConnection {
  readonly #session: ClientHttp2Session
  readonly #host: ConnectionHost
  readonly #name: string
  /** In the order in which they were sent. */
  readonly #calls = new Set<OpenCall>()
  readonly #streams = new Set<OpenCall>()
  #heardAtMs = 0
  #answeredAtMs = 0
  #check: ScheduledItem<() => void> | undefined
  #isOpen = true

  private constructor(session: ClientHttp2Session, host: ConnectionHost, name: string) {
    this.#session = session
    this.#host = host
    this.#name = name
    this.#heard()
    session.on('error', (error) => this.end(error))
    session.on('close', () => this.end(new Error('it was closed')))
    // What was sent is still answered; the next call goes elsewhere.
    session.on('goaway', () => this.#leave())
  }

  static open(endpoint: EtcdEndpoint, host: ConnectionHost, limitMs: number): Promise<EtcdConnection> {
    const name = nameOf(endpoint)
    const scheme = host.tls === undefined ? 'http' : 'https'
    const session = connect(`${scheme}://${name}`, { ...host.tls, settings: { initialWindowSize: WINDOW_BYTES } })
    return new Promise((resolve, reject) => {
      const fail = (cause: unknown): void => {
        host.timers.cancel(alarm)
        session.destroy()
        reject(new ConnectionFailure(`${name}: ${messageOf(cause)}`, { isUnsent: true, cause }))
      }
      // After a stall of the event loop timers come before the answers that have long arrived.
      const late = (): void =>
        void host.clock.schedule(0, () => isOpening && fail(new Error(`no connection within ${limitMs} ms`)))
      let isOpening = true
      const alarm = host.timers.addIn(late, limitMs)
      session.on('error', fail)
      session.once('close', () => fail(new Error('it closed the connection')))
      session.once('remoteSettings', () => {
        isOpening = false
        host.timers.cancel(alarm)
        session.off('error', fail)
        session.setLocalWindowSize(WINDOW_BYTES)
        resolve(new EtcdConnection(session, host, name))
      })
    })
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  /** One question and its one answer. */
  call(path: string, headers: CallHeaders, request: Uint8Array, options: CallOptions = {}): Promise<Uint8Array> {
    const { term = 0n, isAside = false } = options
    return new Promise((resolve, reject) => {
      let answer: Uint8Array | undefined
      const calls = isAside ? this.#streams : this.#calls
      const settle = (outcome: () => void): void => {
        if (!calls.delete(call)) return
        this.#host.timers.cancel(alarm)
        outcome()
      }
      const fail = (failure: unknown): void => settle(() => reject(failure))
      const giveUp = (failure: ConnectionFailure): void => {
        stream.close(constants.NGHTTP2_CANCEL)
        fail(failure)
      }
      const call: OpenCall = { sentAtMs: this.#host.clock.monotonicMs(), term, fail: giveUp }
      const stream = this.#open(path, headers, {
        onMessage: (message) => (answer = message),
        onEnd: (failure) => {
          if (!isAside && (failure === undefined || failure instanceof GrpcFailure)) {
            this.#answeredAtMs = this.#host.clock.monotonicMs()
          }
          if (failure !== undefined) return fail(failure)
          if (answer === undefined) return fail(new GrpcFailure(GRPC.unknown, 'it answered nothing'))
          const whole = answer
          settle(() => resolve(whole))
        },
      })
      const late = (): void => giveUp(this.#failure(`no answer within ${ATTEMPT_MS_MAX} ms`))
      const alarm = this.#host.timers.addIn(late, ATTEMPT_MS_MAX)
      calls.add(call)
      this.#watchOver()
      stream.end(framed(request))
    })
  }

  /** Questions and answers as they come, until one side ends it. */
  stream(path: string, headers: CallHeaders, handlers: StreamHandlers): GrpcStream {
    const end = (failure: unknown): void => {
      if (this.#streams.delete(open)) handlers.onEnd(failure)
    }
    const open: OpenCall = { sentAtMs: this.#host.clock.monotonicMs(), term: 0n, fail: end }
    this.#streams.add(open)
    const stream = this.#open(path, headers, { onMessage: handlers.onMessage, onEnd: end })
    this.#watchOver()
    return {
      write: (message) => void (stream.writable && stream.write(framed(message))),
      end: () => stream.close(constants.NGHTTP2_CANCEL),
    }
  }

  /** What was asked under an earlier leader is given up: where that one is gone, nobody will answer it. */
  giveUpBefore(term: bigint, words: string): boolean {
    const calls = [...this.#calls].filter((call) => call.term > 0n && call.term < term)
    for (const call of calls) call.fail(this.#failure(words))
    return calls.length > 0
  }

  /** Everything that is unanswered stays so. */
  end(cause: unknown): void {
    const wasOpen = this.#isOpen
    this.#isOpen = false
    if (this.#check !== undefined) this.#host.timers.cancel(this.#check)
    this.#session.destroy()
    const failure = this.#failure(messageOf(cause))
    for (const open of [...this.#calls, ...this.#streams]) open.fail(failure)
    if (wasOpen) this.#host.onEnd(this, failure)
  }

  #leave(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#host.onEnd(this)
  }

  #open(path: string, headers: CallHeaders, handlers: StreamHandlers): ClientHttp2Stream {
    let stream: ClientHttp2Stream
    try {
      stream = this.#session.request({
        ':method': 'POST',
        ':path': path,
        'content-type': 'application/grpc',
        te: 'trailers',
        // A member that is cut off says so at once, and not after the time of a request.
        hasleader: 'true',
        ...headers,
      })
    } catch (cause) {
      throw new ConnectionFailure(`${this.#name}: ${messageOf(cause)}`, { isUnsent: true, cause })
    }
    let isOver = false
    const over = (failure: unknown): void => {
      if (isOver) return
      isOver = true
      handlers.onEnd(failure)
    }
    const look = (answered: IncomingHttpHeaders): void => {
      this.#heard()
      const failure = failureIn(answered)
      if (failure !== 'none yet') over(failure)
    }
    const frames = new FrameReader(handlers.onMessage)
    stream.on('response', look)
    stream.on('trailers', look)
    stream.on('data', (chunk: Buffer) => {
      this.#heard()
      try {
        frames.push(chunk)
      } catch (error) {
        over(error)
        this.end(error)
      }
    })
    stream.on('error', (error) => over(this.#failure(messageOf(error))))
    stream.on('close', () => {
      if (isOver) return
      const isRefused = stream.rstCode === constants.NGHTTP2_REFUSED_STREAM
      over(this.#failure('it ended the request without an answer', isRefused))
    })
    return stream
  }

  #failure(words: string, isUnsent = false): ConnectionFailure {
    return new ConnectionFailure(`${this.#name}: ${words}`, { isUnsent })
  }

  #heard(): void {
    this.#heardAtMs = this.#host.clock.monotonicMs()
  }

  /** One timer a connection, and none while nothing is awaited. */
  #watchOver(): void {
    const { clock, timers } = this.#host
    const isAwaited = this.#calls.size > 0
    const inMs = isAwaited ? Math.max(QUIET_AGAIN_MS, QUIET_MS - this.#waitedMs()) : SILENCE_MS_MAX
    const atMs = clock.monotonicMs() + inMs
    if (this.#check === undefined) this.#check = timers.add(() => this.#look(), atMs)
    else if (this.#check.index < 0 || this.#check.atMs > atMs) timers.move(this.#check, atMs)
  }

  #look(): void {
    if (!this.#isOpen) return
    if (this.#waitedMs() >= QUIET_MS) {
      // After a stall of the event loop timers come before the answers that have long arrived.
      this.#host.clock.schedule(0, () => {
        if (this.#isOpen && this.#waitedMs() >= QUIET_MS) this.#host.onQuiet(this)
        if (this.#waitedMs(this.#answeredAtMs) >= SILENCE_MS_MAX) this.end(new Error(SILENT))
      })
    }
    const isWatching = this.#streams.size > 0
    if (isWatching && this.#host.clock.monotonicMs() - this.#heardAtMs >= PING_AFTER_MS) this.#ping()
    if (isWatching || this.#calls.size > 0) this.#watchOver()
  }

  /** How long the oldest call waits, or how long since then. */
  #waitedMs(sinceMs = 0): number {
    const [oldest] = this.#calls
    return oldest === undefined ? 0 : this.#host.clock.monotonicMs() - Math.max(oldest.sentAtMs, sinceMs)
  }

  #ping(): void {
    // The next one is due after this one: silence is measured from here.
    this.#heard()
    const late = (): void => this.end(new Error(`no answer to a ping within ${PING_ANSWER_MS} ms`))
    const alarm = this.#host.timers.addIn(late, PING_ANSWER_MS)
    this.#session.ping((error) => {
      this.#host.timers.cancel(alarm)
      if (error === null) this.#heard()
    })
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
