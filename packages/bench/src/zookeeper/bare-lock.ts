/**
 * The least that a lock in ZooKeeper can be: one request makes an ephemeral node, one deletes it, over one connection and
 * with nothing else on it. No line, no watch, no token.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Contestant } from '../slices.ts'

const OPERATION = { create: 1, delete: 2 } as const
const SESSION_MS = 120_000
const PASSWORD_BYTES = 16
const ALL_RIGHTS = 31
const EPHEMERAL = 1
const ANY_VERSION = -1
/** In a reply: the number of the request, the transaction, the code. */
const CODE_AT = 12
const LENGTH_BYTES = 4

export async function bareZookeeperLock(
  url: string,
  names: readonly string[],
): Promise<Contestant & { close(): Promise<void> }> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), noDelay: true })
  await once(socket, 'connect')
  const replies = repliesOf(socket)
  // The protocol, the newest change seen, the session's length, no session yet, its password, and no reading alone.
  socket.write(packet(int(0), long(0n), int(SESSION_MS), long(0n), bytes(Buffer.alloc(PASSWORD_BYTES)), Buffer.of(0)))
  await replies()
  let number = 0
  const ask = async (operation: number, ...parts: readonly Buffer[]): Promise<void> => {
    number += 1
    socket.write(packet(int(number), int(operation), ...parts))
    const code = (await replies()).readInt32BE(CODE_AT)
    if (code !== 0) throw new Error(`ZooKeeper answered with code ${code}`)
  }
  const allRights = [int(1), int(ALL_RIGHTS), text('world'), text('anyone')]
  return {
    async pair(turn) {
      const path = text(`/bare-${names[turn % names.length] ?? ''}`)
      await ask(OPERATION.create, path, text('x'), ...allRights, int(EPHEMERAL))
      await ask(OPERATION.delete, path, int(ANY_VERSION))
    },
    async close() {
      socket.destroy()
    },
  }
}

/** One reply after the other, each in one piece. */
function repliesOf(socket: Socket): () => Promise<Buffer> {
  let received: Buffer = Buffer.alloc(0)
  let waiting: ReturnType<typeof Promise.withResolvers<Buffer>> | undefined
  socket.on('error', (error) => waiting?.reject(error))
  socket.on('close', () => waiting?.reject(new Error('the server closed the connection')))
  socket.on('data', (chunk: Buffer) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
    if (received.length < LENGTH_BYTES) return
    const end = LENGTH_BYTES + received.readInt32BE(0)
    if (received.length < end) return
    const reply = received.subarray(LENGTH_BYTES, end)
    received = received.subarray(end)
    waiting?.resolve(reply)
  })
  return () => {
    waiting = Promise.withResolvers<Buffer>()
    return waiting.promise
  }
}

function packet(...parts: readonly Buffer[]): Buffer {
  return bytes(Buffer.concat(parts))
}

function bytes(value: Buffer): Buffer {
  return Buffer.concat([int(value.length), value])
}

function text(value: string): Buffer {
  return bytes(Buffer.from(value))
}

function int(value: number): Buffer {
  const made = Buffer.alloc(4)
  made.writeInt32BE(value)
  return made
}

function long(value: bigint): Buffer {
  const made = Buffer.alloc(8)
  made.writeBigInt64BE(value)
  return made
}
