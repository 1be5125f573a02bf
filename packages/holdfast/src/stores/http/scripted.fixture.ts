/** An HTTP server that answers what a test says: as a Holdfast server would, as something on the way would, or not at all. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { OpenStore } from '../../store/store.ts'
import type { StoreEnvironment } from '../../store/store.ts'
import { answerWithin } from '../../time/call-limit.ts'
import { environment } from '../opened.fixture.ts'
import { http, type HttpOptions } from './index.ts'

export type Script = (response: ServerResponse, request: IncomingMessage, body: unknown) => void

/** Short, so that a test of no answer is. Opening, which a test begins with, has time. */
const ANSWER_MS_MAX = 150
const OPEN_MS_MAX = 5_000

export const facts = {
  engine: 'Memory',
  safetyClass: 'best-effort',
  reasons: ['It is in memory.'],
  clock: 'its own',
  expiry: 'engine',
  tokens: 'its own',
  order: 'fifo',
  wakeUp: 'push',
  ttl: { per: 'claim', granularityMs: 1, minMs: 100, maxMs: 86_400_000 },
  lockRisks: [],
  tokenRisks: [],
  unsupported: {},
} as const

export class ScriptedServer implements AsyncDisposable {
  /** By the last part of the path. */
  readonly scripts = new Map<string, Script>()
  readonly seen: { readonly step: string; readonly request: IncomingMessage; readonly body: unknown }[] = []
  readonly #stores: OpenStore[] = []
  readonly #server = createServer((request, response) => void this.#answer(request, response))

  async begin(): Promise<void> {
    this.says('facts', () => ({ seam: 1, instance: 'one', tag: 'one.1', facts }))
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Answers with 200 and this, as JSON. */
  says(step: string, answer: (body: unknown, request: IncomingMessage) => unknown): void {
    this.scripts.set(step, (response, request, body) => {
      response.writeHead(200, {
        'content-type': 'application/json',
        'holdfast-instance': 'one',
        'holdfast-facts': 'one.1',
      })
      response.end(JSON.stringify(answer(body, request)))
    })
  }

  refuses(step: string, status: number, code: string, retryable: boolean, detail = 'because of the test'): void {
    this.scripts.set(step, (response) => {
      response.writeHead(status, { 'content-type': 'application/problem+json', 'holdfast-instance': 'two' })
      response.end(JSON.stringify({ type: `urn:holdfast:error:${code}`, status, code, detail, retryable }))
    })
  }

  async opened(options: HttpOptions = {}, changes: Partial<StoreEnvironment> = {}): Promise<OpenStore> {
    const own = environment()
    const bounded: StoreEnvironment['bounded'] = (call, what) =>
      answerWithin(own.timers, call, what === 'opening' ? OPEN_MS_MAX : ANSWER_MS_MAX, what)
    const store = await http(this.url, options).open({ ...own, bounded, ...changes })
    this.#stores.push(store)
    return store
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const store of this.#stores) await store.close()
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = ''
    for await (const part of request.setEncoding('utf8')) text += String(part)
    const body: unknown = text === '' ? undefined : JSON.parse(text)
    const step = (request.url ?? '').split('/').at(-1) ?? ''
    this.seen.push({ step, request, body })
    this.scripts.get(step)?.(response, request, body)
  }
}
