/**
 * A SOCKS proxy for the ways out of one program: each address that it knows leads to a server of ours, through a proxy of
 * its own. By this one program can be cut off from one other, in one direction too, without any rights.
 */
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { releasePort, reservePort } from '../engines/ports.ts'
import { openProxy, type Proxy, type ProxyTarget } from './proxy.ts'

const LOOPBACK = '127.0.0.1'
const CONNECTIONS_MAX = 1_000
/** RFC 1928: version 5, no password; then version 5, granted, an address of four bytes that is not used. */
const GREETED = Buffer.of(5, 0)
const GRANTED = Buffer.of(5, 0, 0, 1, 0, 0, 0, 0, 0, 0)
const REFUSED = Buffer.of(5, 2, 0, 1, 0, 0, 0, 0, 0, 0)
const GREETING_BYTES = 3
/** Of a request for an address of four bytes. */
const REQUEST_BYTES = 10
const IP_4 = 1

export interface Gateway extends AsyncDisposable {
  /** For the variable HTTP_PROXY of the program. */
  readonly url: string
  /** What leads to this address. */
  way(address: string): Proxy
  close(): Promise<void>
}

/** By address, four numbers with dots. The ports that the program asks for do not matter. */
export async function openGateway(targets: ReadonlyMap<string, ProxyTarget>): Promise<Gateway> {
  const ways = new Map<string, Proxy>()
  for (const [address, target] of targets) ways.set(address, await openProxy(target))
  const port = await reservePort()
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    sockets.add(client.once('close', () => sockets.delete(client)))
    client.on('error', () => client.destroy())
    void greet(client, ways)
  })
  server.maxConnections = CONNECTIONS_MAX
  server.listen({ port, host: LOOPBACK })
  await once(server, 'listening')
  const close = (): Promise<void> => closed(server, port, sockets, ways)
  return {
    url: `socks5://${LOOPBACK}:${port}`,
    way: (address) => {
      const way = ways.get(address)
      if (way === undefined) throw new Error(`no way leads to ${address}`)
      return way
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

async function greet(client: Socket, ways: ReadonlyMap<string, Proxy>): Promise<void> {
  if ((await taken(client, GREETING_BYTES)) === undefined) return
  client.write(GREETED)
  const request = await taken(client, REQUEST_BYTES)
  if (request === undefined) return
  const way = request[3] === IP_4 ? ways.get(request.subarray(4, 8).join('.')) : undefined
  if (way === undefined) return void client.end(REFUSED)
  const far = connect({ host: way.host, port: way.port, noDelay: true })
  client.setNoDelay(true).write(GRANTED)
  client.pipe(far)
  far.pipe(client)
  for (const [near, other] of [
    [client, far],
    [far, client],
  ] as const) {
    near.on('error', () => other.destroy())
    near.on('close', () => other.destroy())
  }
}

/** So many bytes of what was sent; `undefined` where it ended before. What follows stays in the socket. */
async function taken(socket: Socket, bytes: number): Promise<Buffer | undefined> {
  while (!socket.destroyed && !socket.readableEnded) {
    const chunk = socket.read(bytes) as Buffer | null
    if (chunk !== null) return chunk
    await Promise.race([once(socket, 'readable'), once(socket, 'close')]).catch(() => undefined)
  }
  return undefined
}

async function closed(
  server: Server,
  port: number,
  sockets: ReadonlySet<Socket>,
  ways: ReadonlyMap<string, Proxy>,
): Promise<void> {
  if (!server.listening) return
  server.close()
  for (const socket of sockets) socket.destroy()
  await once(server, 'close')
  releasePort(port)
  for (const way of ways.values()) await way.close()
}
