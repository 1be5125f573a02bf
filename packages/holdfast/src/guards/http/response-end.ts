/** The end of a response of `node:http`, kept back until the work is committed: a client is not told of what may be undone. */
import type { NodeResponseLike } from './node.ts'

export class ResponseEnd {
  readonly #response: NodeResponseLike
  readonly #end: NodeResponseLike['end']
  readonly #before: Pick<NodeResponseLike, 'statusCode'> & {
    readonly headers: ReturnType<NodeResponseLike['getHeaders']>
  }
  #kept: unknown[] | undefined

  constructor(response: NodeResponseLike) {
    this.#response = response
    this.#end = response.end
    this.#before = { statusCode: response.statusCode, headers: { ...response.getHeaders() } }
    response.end = (...args: unknown[]): NodeResponseLike => {
      this.#kept ??= args
      return response
    }
  }

  /** Ends the response if the handler did, and lets it end by its own calls from now on. */
  release(): void {
    this.#response.end = this.#end
    if (this.#kept !== undefined) this.#end.apply(this.#response, this.#kept)
  }

  /** The response as it was before the handler: what it set, such as a length, would not fit the answer that comes instead. */
  drop(): void {
    const response = this.#response
    response.end = this.#end
    if (response.headersSent) return
    response.statusCode = this.#before.statusCode
    for (const name of Object.keys(response.getHeaders())) response.removeHeader(name)
    for (const [name, value] of Object.entries(this.#before.headers)) {
      if (value !== undefined) response.setHeader(name, value)
    }
  }
}
