/** HTTP to a Holdfast server: renewals and leaves over connections of their own, so that they never stand behind a crowd that enters. */
import {
  Agent as PlainAgent,
  type ClientRequest,
  type IncomingMessage,
  request as plainRequest,
  type RequestOptions,
} from 'node:http'
import { Agent, request } from 'node:https'
import { type Clock, type Stamp, stampOf } from '../../time/clock.ts'
import { linesIn, textIn } from './answer-text.ts'
import type { SeamAddress } from './address.ts'
import { problemIn, SeamRefusal } from './errors.ts'

/** `keeps`: for claims that are in line already. */
export type SeamLane = 'asks' | 'keeps'

export interface SeamRequest {
  /** Behind `/v1/seam/`. */
  readonly step: string
  readonly body?: object
  readonly lane?: SeamLane
  /** The one server that the request is for. */
  readonly instance?: string | undefined
  /** @default 1 MiB */
  readonly answerLengthMax?: number
}

export interface SeamAnswer {
  readonly body: unknown
  /** Before the connection was made, or the request sent. */
  readonly sentAt: Stamp
  readonly instance: string
}

export interface SentRequest {
  /** Rejects with `SeamRefusal` where the server itself refuses. */
  readonly answer: Promise<SeamAnswer>
  /** The answer is not waited for any more, and its connection is of no more use. */
  giveUp(): void
}

export interface SeamStream {
  /** Settles when no more lines come. */
  readonly over: Promise<void>
}

interface Sending {
  readonly request: ClientRequest
  readonly response: Promise<IncomingMessage>
}

const CONNECTIONS_MAX: Readonly<Record<SeamLane, number>> = { asks: 100, keeps: 10 }
/** Before the server closes an idle one, which a request could just meet. */
const IDLE_MS_MAX = 30_000
const ANSWER_LENGTH_MAX = 1024 * 1024
const KEEP_ALIVE_MS = 5_000

export class SeamConnection {
  readonly #address: SeamAddress
  readonly #clock: Clock
  readonly #agents: Readonly<Record<SeamLane, PlainAgent>>
  readonly #onFactsTag: (tag: string) => void
  readonly #place: RequestOptions
  readonly #path: string

  /** `onFactsTag` is called with each answer: a text that is new may mean that the server promises something else. */
  constructor(address: SeamAddress, clock: Clock, onFactsTag: (tag: string) => void) {
    this.#address = address
    this.#clock = clock
    this.#onFactsTag = onFactsTag
    const { hostname, port, pathname } = address.base
    this.#place = { hostname: hostname.replaceAll(/[[\]]/g, ''), ...(port !== '' && { port }) }
    this.#path = pathname.replace(/\/$/, '')
    this.#agents = { asks: this.#agent('asks'), keeps: this.#agent('keeps') }
  }

  ask(asked: SeamRequest): SentRequest {
    const sentAt = stampOf(this.#clock)
    const { request: sent, response } = this.#send(asked, { agent: this.#agents[asked.lane ?? 'asks'] })
    return { answer: this.#answer(asked, sentAt, response), giveUp: () => void sent.destroy() }
  }

  /** Resolves when the server answers well, and the lines begin to come. */
  async follow(step: string, signal: AbortSignal, onLine: (line: string) => void): Promise<SeamStream> {
    const response = await this.#send({ step }, { agent: false, signal }).response
    response.socket.setKeepAlive(true, KEEP_ALIVE_MS)
    if (response.statusCode !== 200) await bodyIn(response, ANSWER_LENGTH_MAX)
    return { over: linesIn(response, ANSWER_LENGTH_MAX, onLine) }
  }

  close(): void {
    for (const agent of Object.values(this.#agents)) agent.destroy()
  }

  get #isPlain(): boolean {
    return this.#address.base.protocol === 'http:'
  }

  #agent(lane: SeamLane): PlainAgent {
    const kept = { keepAlive: true, maxSockets: CONNECTIONS_MAX[lane], timeout: IDLE_MS_MAX }
    return this.#isPlain ? new PlainAgent(kept) : new Agent(kept)
  }

  async #answer(asked: SeamRequest, sentAt: Stamp, arrival: Promise<IncomingMessage>): Promise<SeamAnswer> {
    const response = await arrival
    const body = await bodyIn(response, asked.answerLengthMax ?? ANSWER_LENGTH_MAX)
    this.#onFactsTag(headerOf(response, 'holdfast-facts'))
    return { body, sentAt, instance: headerOf(response, 'holdfast-instance') }
  }

  #send({ step, body, instance }: SeamRequest, options: RequestOptions): Sending {
    const token = this.#address.token()
    const text = body === undefined ? undefined : JSON.stringify(body)
    const headers = {
      'user-agent': 'holdfast',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(instance !== undefined && { 'holdfast-instance': instance }),
      ...(text !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
    }
    const send = this.#isPlain ? plainRequest : request
    const method = text === undefined ? 'GET' : 'POST'
    const { promise: response, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    const sent = send({ ...this.#place, ...options, path: `${this.#path}/v1/seam/${step}`, method, headers }, resolve)
    // A later error is of a request that has its answer.
    sent.on('error', reject)
    sent.end(text)
    return { request: sent, response }
  }
}

/** What is no answer of a Holdfast server says nothing about what became of the request. */
async function bodyIn(response: IncomingMessage, lengthMax: number): Promise<unknown> {
  const text = await textIn(response, lengthMax)
  const { statusCode: status = 0 } = response
  const body = parsedJson(text)
  if (status === 200 && body !== undefined) return body
  const problem = status >= 400 ? problemIn(body) : undefined
  if (problem !== undefined) throw new SeamRefusal(problem, headerOf(response, 'holdfast-instance'))
  throw new Error(`something answered ${status} that is no Holdfast server, or a proxy in front of one`)
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function headerOf(response: IncomingMessage, name: string): string {
  return String(response.headers[name] ?? '')
}
