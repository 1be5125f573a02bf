/**
 * Calls to an etcd of several members: over one connection to one of them, and over one to another when that ends or the
 * member answers without a leader. Nothing is repeated here but what was surely not carried out for want of a token.
 */
import { driversWords } from '../../store/drivers-words.ts'
import { StoreUnavailable } from '../../store/errors.ts'
import type { StoreEnvironment } from '../../store/store.ts'
import { certificatesOf, type CertificateTexts } from '../addresses/certificates.ts'
import type { EtcdAddress } from './address.ts'
import { EtcdConnection } from './connection.ts'
import { etcdError } from './errors.ts'
import { ConnectionFailure, GRPC, GrpcFailure } from './failures.ts'
import type { MessageCodec } from './message.ts'
import { type Answer, loginMethod, statusMethod, type UnaryMethod, WATCH_PATH } from './messages.ts'
import { type EventHandlers, type WatchPlace, WatchStream } from './watch-stream.ts'

/** A member that answers so often in turn that it cannot is left. */
const UNAVAILABLE_MAX = 2
/** So long one member may take to be connected to; longer where there is no other one to try. */
const CONNECT_MS_MAX = 1_500
const CONNECT_ALONE_MS_MAX = 4_000
/** A watch that was lost is not told at once: what looks again and watches again must not turn in a circle. */
const LOST_AFTER_MS = 200

/** Certificates for an `etcds:` URL. */
export type EtcdTls = CertificateTexts

export class EtcdChannel {
  readonly #address: EtcdAddress
  readonly #tls: EtcdTls
  readonly #codec: MessageCodec
  readonly #environment: StoreEnvironment
  #next = 0
  #connection: EtcdConnection | undefined
  #connecting: Promise<EtcdConnection> | undefined
  #watches: WatchStream | undefined
  #token: Promise<string> | undefined
  #unavailable = 0
  /** The newest that an answer told. */
  #term = 0n
  #isClosed = false
  #hasConnected = false
  /** Called for every connection but the first: it may be another server than before. */
  onReconnect: () => void = () => undefined

  constructor(address: EtcdAddress, tls: EtcdTls, codec: MessageCodec, environment: StoreEnvironment) {
    this.#address = address
    this.#tls = tls
    this.#codec = codec
    this.#environment = environment
    // Many clients of one URL spread over its members.
    this.#next = Math.floor(Math.random() * address.endpoints.length)
  }

  /** Rejects with what a store may throw; `onCode` may take one code of gRPC for an answer. */
  async call<Request extends object, Response extends object>(
    method: UnaryMethod<Request, Response>,
    request: Partial<Request>,
    what: string,
    onCode?: (code: number) => Response | undefined,
  ): Promise<Response> {
    try {
      const answer = await this.#callWithToken(method, request)
      this.#unavailable = 0
      return answer
    } catch (error) {
      const instead = error instanceof GrpcFailure ? onCode?.(error.code) : undefined
      if (instead !== undefined) return instead
      this.#judge(error)
      throw etcdError(error, what)
    }
  }

  /** Returns what ends the watch. A connection is made for it where there is none. */
  watch(place: WatchPlace, handlers: EventHandlers): () => void {
    let stop = (): void => undefined
    let isOver = false
    const onLost = (): void => {
      if (!isOver) this.#environment.timers.addIn(() => void (isOver || handlers.onLost()), LOST_AFTER_MS)
    }
    this.#watchStream().then((stream) => {
      if (isOver) return
      stop = stream.add(place, { ...handlers, onLost })
    }, onLost)
    return () => {
      isOver = true
      stop()
    }
  }

  close(): void {
    this.#isClosed = true
    this.#connection?.end(new Error('the store was closed'))
  }

  async #callWithToken<Request extends object, Response extends object>(
    method: UnaryMethod<Request, Response>,
    request: Partial<Request>,
  ): Promise<Response> {
    const headers = await this.#headers()
    try {
      return await this.#ask(method, request, headers)
    } catch (error) {
      if (this.#address.user === undefined || !isTokenRefused(error)) throw error
      // It was refused before it was looked at: tokens end after some minutes, and when users are changed.
      this.#token = undefined
      return await this.#ask(method, request, await this.#headers())
    }
  }

  async #ask<Request extends object, Response extends object>(
    { path, request: shape, response }: UnaryMethod<Request, Response>,
    request: Partial<Request>,
    headers: Readonly<Record<string, string>>,
  ): Promise<Response> {
    const connection = await this.#connected()
    const answer = await connection.call(path, headers, this.#codec.encode(shape, request), { term: this.#term })
    try {
      const decoded: Response & Answer = this.#codec.decode(response, answer)
      this.#term = decoded.header?.term ?? this.#term
      return decoded
    } catch (error) {
      connection.end(error)
      throw error
    }
  }

  /** What a member has passed on to a leader that is gone is never answered: it is asked for again from the next one. */
  async #lookForLeader(connection: EtcdConnection): Promise<void> {
    const { path, request, response } = statusMethod
    try {
      const answer = await connection.call(path, {}, this.#codec.encode(request, {}), { isAside: true })
      const term = this.#codec.decode(response, answer).header?.term ?? 0n
      this.#term = term
      const words = 'another leader was elected while it answered nothing'
      if (connection.giveUpBefore(term, words)) this.#environment.troubled?.(new StoreUnavailable(`etcd: ${words}`))
    } catch {
      // While there is none it says so, because every call of ours requires one, and it is asked again.
    }
  }

  async #headers(): Promise<Readonly<Record<string, string>>> {
    const { user } = this.#address
    if (user === undefined) return {}
    this.#token ??= this.#ask(loginMethod, user, {}).then(
      ({ token }) => token,
      (error: unknown) => {
        this.#token = undefined
        throw error
      },
    )
    return { token: await this.#token }
  }

  async #watchStream(): Promise<WatchStream> {
    const headers = await this.#headers()
    const connection = await this.#connected()
    if (this.#watches?.isOpen !== true) {
      this.#watches = new WatchStream(this.#codec, (onMessage, onEnd) =>
        connection.stream(WATCH_PATH, headers, {
          onMessage,
          onEnd: (failure) => {
            if (isTokenRefused(failure)) this.#token = undefined
            onEnd()
          },
        }),
      )
    }
    return this.#watches
  }

  #judge(error: unknown): void {
    if (!(error instanceof GrpcFailure) || error.code !== GRPC.unavailable) return
    this.#unavailable += 1
    if (this.#unavailable < UNAVAILABLE_MAX) return
    this.#unavailable = 0
    this.#connection?.end(error)
  }

  async #connected(): Promise<EtcdConnection> {
    if (this.#isClosed) throw new StoreUnavailable('this store was closed')
    if (this.#connection?.isOpen === true) return this.#connection
    this.#connecting ??= this.#connect().finally(() => (this.#connecting = undefined))
    return await this.#connecting
  }

  /** One round over all members. */
  async #connect(): Promise<EtcdConnection> {
    const { endpoints, isTls, files } = this.#address
    const { clock, timers, signal } = this.#environment
    const tls = isTls ? await certificatesOf(files, this.#tls) : undefined
    const limitMs = endpoints.length === 1 ? CONNECT_ALONE_MS_MAX : CONNECT_MS_MAX
    const failures: unknown[] = []
    for (const _ of endpoints) {
      const endpoint = endpoints[this.#next % endpoints.length]
      this.#next += 1
      if (endpoint === undefined || signal.aborted) continue
      try {
        const host = {
          clock,
          timers,
          tls,
          onEnd: (ended: EtcdConnection, cause?: unknown) => this.#ended(ended, cause),
          onQuiet: (quiet: EtcdConnection) => void this.#lookForLeader(quiet),
        }
        const connection = await EtcdConnection.open(endpoint, host, limitMs)
        this.#took(connection)
        return connection
      } catch (error) {
        failures.push(error)
      }
    }
    const [first] = failures
    const cause = first instanceof Error ? first.cause : first
    throw new ConnectionFailure(failures.map((each) => driversWords(each)).join('; '), { isUnsent: true, cause })
  }

  #took(connection: EtcdConnection): void {
    if (this.#isClosed) return connection.end(new Error('the store was closed'))
    this.#connection = connection
    if (this.#hasConnected) this.onReconnect()
    this.#hasConnected = true
  }

  /** `cause`: what is wrong with the member, or with the way to it. */
  #ended(connection: EtcdConnection, cause?: unknown): void {
    if (this.#connection === connection) this.#connection = undefined
    if (cause === undefined || this.#isClosed) return
    const words = `the connection to etcd ended, and another one is made: ${driversWords(cause)}`
    this.#environment.troubled?.(new StoreUnavailable(words))
  }
}

/** With a user, `invalid argument` says that the users were changed since the token was made. */
function isTokenRefused(error: unknown): boolean {
  return error instanceof GrpcFailure && (error.code === GRPC.unauthenticated || error.code === GRPC.invalidArgument)
}
