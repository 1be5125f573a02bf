/**
 * Redis' wire protocol (RESP2), as much of it as the lab needs to see with its own eyes what a server answers: no pool,
 * no reconnect, no retry. A client library would hide exactly the faults that are looked for.
 */
import { connect, type Socket } from 'node:net'

export type RespValue = string | number | null | readonly RespValue[] | RespError

/** What the server refused, as a value: inside an array it is one of many answers. */
export class RespError extends Error {}

const ANSWER_WITHIN_MS = 5_000
const CRLF = '\r\n'

interface Waiting {
  resolve(value: RespValue): void
  reject(error: Error): void
}

export interface RespOptions {
  /** For connecting and for each answer; default 5 s. */
  readonly withinMs?: number
}

export class RespConnection implements AsyncDisposable {
  readonly #socket: Socket
  readonly #withinMs: number
  readonly #waiting: Waiting[] = []
  #unread: Buffer = Buffer.alloc(0)
  #broken: Error | undefined

  private constructor(socket: Socket, withinMs: number) {
    this.#socket = socket
    this.#withinMs = withinMs
    socket.on('data', (bytes: Buffer) => this.#read(bytes))
    socket.on('error', (error) => this.#fail(error))
    socket.on('close', () => this.#fail(new Error('the server closed the connection')))
  }

  /** Takes `redis://[:password@]host:port`. */
  static async open(url: string, { withinMs = ANSWER_WITHIN_MS }: RespOptions = {}): Promise<RespConnection> {
    const { hostname, port, password } = new URL(url)
    const socket = connect({ host: hostname, port: Number(port), noDelay: true })
    const connection = new RespConnection(socket, withinMs)
    try {
      await connection.#within('connecting', (waiting) => {
        socket.once('connect', () => waiting.resolve(null))
        socket.once('error', (error) => waiting.reject(error))
      })
      if (password !== '') await connection.command('AUTH', decodeURIComponent(password))
      return connection
    } catch (error) {
      socket.destroy()
      throw error
    }
  }

  /** Rejects with a RespError when the server refuses, and with another error when no answer came. */
  async command(...words: readonly (string | number)[]): Promise<RespValue> {
    const answer = await this.#within(`the answer to ${words[0] ?? ''}`, (waiting) => {
      if (this.#broken !== undefined) {
        waiting.reject(this.#broken)
        return
      }
      this.#waiting.push(waiting)
      const parts = words.map((word) => `$${Buffer.byteLength(String(word))}${CRLF}${word}${CRLF}`)
      this.#socket.write(`*${words.length}${CRLF}${parts.join('')}`)
    })
    if (answer instanceof RespError) throw answer
    return answer
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  close(): void {
    this.#socket.destroy()
  }

  async #within(what: string, start: (waiting: Waiting) => void): Promise<RespValue> {
    const { promise, resolve, reject } = Promise.withResolvers<RespValue>()
    // After a late answer nothing would fit any more, so the connection is of no use from here on.
    const timer = setTimeout(
      () => this.#socket.destroy(new Error(`${what} did not come within ${this.#withinMs} ms`)),
      this.#withinMs,
    )
    try {
      start({ resolve, reject })
      return await promise
    } finally {
      clearTimeout(timer)
    }
  }

  #read(bytes: Buffer): void {
    this.#unread = Buffer.concat([this.#unread, bytes])
    for (let parsed = parse(this.#unread, 0); parsed !== undefined; parsed = parse(this.#unread, 0)) {
      this.#unread = this.#unread.subarray(parsed.end)
      this.#waiting.shift()?.resolve(parsed.value)
    }
  }

  #fail(error: Error): void {
    this.#broken ??= error
    for (const waiting of this.#waiting.splice(0)) waiting.reject(this.#broken)
  }
}

interface Parsed {
  readonly value: RespValue
  readonly end: number
}

/** The value that begins at `start`; undefined when more bytes are needed. */
function parse(bytes: Buffer, start: number): Parsed | undefined {
  const lineEnd = bytes.indexOf(CRLF, start)
  if (lineEnd < 0) return undefined
  const kind = String.fromCodePoint(bytes[start] ?? 0)
  const line = bytes.toString('utf8', start + 1, lineEnd)
  const next = lineEnd + CRLF.length
  if (kind === '+') return { value: line, end: next }
  if (kind === '-') return { value: new RespError(line), end: next }
  if (kind === ':') return { value: Number(line), end: next }
  if (kind !== '$' && kind !== '*') throw new Error(`not RESP: ${JSON.stringify(kind + line)}`)
  const length = Number(line)
  if (length < 0) return { value: null, end: next }
  return kind === '$' ? parseBulk(bytes, next, length) : parseArray(bytes, next, length)
}

function parseBulk(bytes: Buffer, start: number, length: number): Parsed | undefined {
  const end = start + length
  if (bytes.length < end + CRLF.length) return undefined
  return { value: bytes.toString('utf8', start, end), end: end + CRLF.length }
}

function parseArray(bytes: Buffer, start: number, length: number): Parsed | undefined {
  const value: RespValue[] = []
  let end = start
  for (let index = 0; index < length; index += 1) {
    const element = parse(bytes, end)
    if (element === undefined) return undefined
    value.push(element.value)
    end = element.end
  }
  return { value, end }
}
