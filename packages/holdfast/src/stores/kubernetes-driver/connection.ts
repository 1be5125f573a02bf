/** HTTP to the API server: requests over connections that are kept, and answers that are followed line by line. */
import { Agent as PlainAgent, type IncomingMessage, request as plainRequest } from 'node:http'
import { Agent, request, type RequestOptions } from 'node:https'
import type { ConnectionOptions } from 'node:tls'
import { linesIn, textIn } from '../http-driver/answer-text.ts'
import type { KubernetesAccess } from './access.ts'
import { KubernetesRefusal, type KubernetesStatus } from './errors.ts'

/** More than a process has in flight at a time, so that a renewal never stands behind those that only want to enter. */
const CONNECTIONS_MAX = 500
/** Before the server closes an idle one, which a request could just meet. */
const IDLE_MS_MAX = 30_000
const ANSWER_LENGTH_MAX = 64 * 1024 * 1024
const KEEP_ALIVE_MS = 5_000

export interface KubernetesRequest {
  readonly method: 'GET' | 'PATCH' | 'POST'
  /** With its query. */
  readonly path: string
  readonly body?: object
  readonly headers: Readonly<Record<string, string>>
}

export interface Following {
  /** Settles when no more lines come. */
  readonly over: Promise<void>
}

export class KubernetesConnection {
  readonly #base: URL
  readonly #tls: Tls
  readonly #agent: Agent | PlainAgent

  constructor(access: KubernetesAccess) {
    this.#base = new URL(access.server)
    this.#tls = tlsOf(access)
    const kept = { keepAlive: true, maxSockets: CONNECTIONS_MAX, timeout: IDLE_MS_MAX }
    this.#agent = this.#isPlain ? new PlainAgent(kept) : new Agent({ ...kept, ...this.#tls })
  }

  /** Rejects with `KubernetesRefusal` where the server refuses. */
  async ask(asked: KubernetesRequest, signal: AbortSignal): Promise<unknown> {
    const response = await this.#send(asked, { agent: this.#agent, signal })
    return await answerIn(response)
  }

  /** Resolves when the server answers well, and the lines begin to come. */
  async follow(asked: KubernetesRequest, signal: AbortSignal, onLine: (line: string) => void): Promise<Following> {
    const response = await this.#send(asked, { agent: false, signal })
    response.socket.setKeepAlive(true, KEEP_ALIVE_MS)
    if (response.statusCode !== 200) await answerIn(response)
    return { over: linesIn(response, ANSWER_LENGTH_MAX, onLine) }
  }

  close(): void {
    this.#agent.destroy()
  }

  get #isPlain(): boolean {
    return this.#base.protocol === 'http:'
  }

  #send({ method, path, body, headers }: KubernetesRequest, options: RequestOptions): Promise<IncomingMessage> {
    const text = body === undefined ? undefined : JSON.stringify(body)
    const url = new URL(this.#base.pathname.replace(/\/$/, '') + path, this.#base)
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
    const sent = {
      accept: 'application/json',
      'user-agent': 'holdfast',
      ...headers,
      ...(text !== undefined && { 'content-type': type }),
    }
    const send = this.#isPlain ? plainRequest : request
    return new Promise((resolve, reject) => {
      send(url, { ...this.#tls, ...options, method, headers: sent }, resolve)
        .once('error', reject)
        .end(text)
    })
  }
}

type Tls = Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'rejectUnauthorized' | 'servername'>

function tlsOf({ authority, certificate, key, serverName, acceptsAnyCertificate }: KubernetesAccess): Tls {
  return {
    ...(authority !== undefined && { ca: authority }),
    ...(certificate !== undefined && { cert: certificate }),
    ...(key !== undefined && { key }),
    ...(serverName !== undefined && { servername: serverName }),
    ...(acceptsAnyCertificate === true && { rejectUnauthorized: false }),
  }
}

async function answerIn(response: IncomingMessage): Promise<unknown> {
  const text = await textIn(response, ANSWER_LENGTH_MAX)
  const { statusCode: status = 0 } = response
  if (status >= 200 && status < 300) return JSON.parse(text) as unknown
  throw new KubernetesRefusal(status, statusIn(text))
}

/** What is no object of Kubernetes came from something else on the way. */
function statusIn(text: string): KubernetesStatus {
  try {
    const status = JSON.parse(text) as KubernetesStatus & { readonly kind?: string }
    return status.kind === 'Status' ? status : {}
  } catch {
    return {}
  }
}
