/** What one server says of itself, by its word `srvr` of four letters: plain text, and the end of the connection. */
import { connect as connectPlain, type Socket } from 'node:net'
import { connect as connectTls, type SecureContextOptions } from 'node:tls'
import type { ZookeeperServer } from './connection.ts'

const ANSWER_BYTES_MAX = 64 * 1024
const ANSWER_MS_MAX = 2_000

export interface ServerWords {
  /** Of its program, such as `3.8.0`. */
  readonly version: string
  readonly mode: string
  readonly nodeCount: number
  readonly connectionCount: number
  /** Answers that it owes. */
  readonly outstandingCount: number
}

/** Rejects where it does not answer, or where the word is not on its list of allowed ones. */
export async function statusOf(
  server: ZookeeperServer,
  tls: SecureContextOptions | undefined,
  timeoutMs: number = ANSWER_MS_MAX,
): Promise<ServerWords> {
  const { host, port } = server
  const socket = tls === undefined ? connectPlain({ host, port }) : connectTls({ ...tls, host, port })
  const text = await textOf(socket, tls === undefined ? 'connect' : 'secureConnect', timeoutMs)
  const valueOf = (name: string): string | undefined => new RegExp(`^${name}: (.*)$`, 'm').exec(text)?.[1]
  const version = /^[\d.]+/.exec(valueOf('Zookeeper version') ?? '')?.[0]
  const mode = valueOf('Mode')
  if (version === undefined || mode === undefined) {
    const [line = ''] = text.trim().split('\n')
    throw new Error(line === '' ? 'it ended the connection without a word' : line)
  }
  const count = (name: string): number => Number(valueOf(name) ?? 0)
  const [nodeCount, connectionCount, outstandingCount] = [
    count('Node count'),
    count('Connections'),
    count('Outstanding'),
  ]
  return { version, mode, nodeCount, connectionCount, outstandingCount }
}

function textOf(socket: Socket, begins: 'connect' | 'secureConnect', timeoutMs: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  let text = ''
  socket.setEncoding('utf8')
  socket.setTimeout(timeoutMs)
  socket.once(begins, () => socket.write('srvr'))
  socket.on('data', (chunk: string) => {
    text += chunk
    if (text.length > ANSWER_BYTES_MAX) socket.destroy(new Error('it answered with too much'))
  })
  socket.on('error', reject)
  socket.once('timeout', () => socket.destroy(new Error(`no answer within ${timeoutMs} ms`)))
  socket.once('close', () => resolve(text))
  return promise
}
