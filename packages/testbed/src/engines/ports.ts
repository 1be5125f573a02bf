/**
 * Ports that stay ours. A server that is killed and started again needs the same port, and meanwhile neither another
 * process of the lab nor an outgoing connection of any program may take it.
 */
import { createServer, type Server } from 'node:net'
import { once } from 'node:events'

/** Below the range the kernel takes for outgoing connections (32768 on), above what services commonly use. */
const FIRST = 20_000
const LAST = 31_999
const TRIES = 300

const reservations = new Map<number, Server | undefined>()

export async function reservePort(): Promise<number> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST + 1))
    if (reservations.has(port)) continue
    reservations.set(port, undefined)
    const claim = process.platform === 'linux' ? await tryListen({ path: `\0holdfast-lab-port-${port}` }) : undefined
    if ((process.platform !== 'linux' || claim !== undefined) && (await isFree(port))) {
      reservations.set(port, claim)
      return port
    }
    claim?.close()
    reservations.delete(port)
  }
  throw new Error(`found no free port from ${FIRST} to ${LAST} in ${TRIES} tries`)
}

export function releasePort(port: number): void {
  reservations.get(port)?.close()
  reservations.delete(port)
}

async function isFree(port: number): Promise<boolean> {
  const server = await tryListen({ port, host: '127.0.0.1' })
  if (server === undefined) return false
  server.close()
  await once(server, 'close')
  return true
}

/**
 * A listening socket, or undefined when the place is taken. With a path that begins with NUL it is a name in the
 * kernel: one owner at a time, and gone with the process however that ends.
 */
export async function tryListen(place: { path: string } | { port: number; host: string }): Promise<Server | undefined> {
  const server = createServer((socket) => socket.destroy()).unref()
  const outcome = Promise.withResolvers<boolean>()
  server.once('error', () => outcome.resolve(false))
  server.listen(place, () => outcome.resolve(true))
  return (await outcome.promise) ? server : undefined
}
