/**
 * Servers that answer what no ZooKeeper answers, over real connections: a typed error in time, and no error event that
 * ends the process.
 * @module-tag real-time
 */
import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { environment } from '../opened.fixture.ts'
import { ValueWriter } from './bytes.ts'
import { AnswerMissing, RequestUnsent, SessionOver } from './failures.ts'
import { packetOf } from './packets.ts'
import { ZookeeperSession } from './session.ts'
import { NodeTree } from './tree.ts'

const servers: Server[] = []
const sessions: ZookeeperSession[] = []
afterEach(() => {
  for (const session of sessions.splice(0)) session.abandon()
  for (const server of servers.splice(0)) server.close()
})

const granted = packetOf(new ValueWriter().int(0).int(6_000).long(7n).bytes(Buffer.alloc(16)).flag(false).finish())
const head = (number: number, code = 0): ValueWriter => new ValueWriter().int(number).long(1n).int(code)

async function portOf(answer: (socket: Socket, count: number) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    let count = 0
    socket.on('data', () => {
      answer(socket, count)
      count += 1
    })
  })
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function sessionAt(port: number, silenceMs = 500): Promise<ZookeeperSession> {
  const options = { servers: [{ host: '127.0.0.1', port }], timeoutMs: 6_000, silenceMs }
  const session = await ZookeeperSession.open(options, environment())
  sessions.push(session)
  return session
}

const asked = (session: ZookeeperSession): Promise<unknown> =>
  new NodeTree(session, '').getData('/node').then(
    () => 'answered',
    (error: unknown) => error,
  )

test.each<[string, Buffer]>([
  ['half a packet, and silence', Buffer.from([0, 0, 0, 9, 1, 2])],
  ['a packet that is too long', Buffer.from([0x7f, 0xff, 0xff, 0xff])],
  ['a packet of less than nothing', Buffer.from([0xff, 0xff, 0xff, 0xfe])],
  ['an answer that ends in its head', packetOf(Buffer.from([0, 0, 0, 1]))],
  ['an answer to another request', packetOf(head(99).int(0).bytes(Buffer.alloc(64)).finish())],
  ['an answer that ends in its data', packetOf(head(1).int(100).finish())],
  ['an answer with more behind it', packetOf(head(1).text('x').bytes(Buffer.alloc(65)).finish())],
  ['a pong without a ping', packetOf(head(-2).finish())],
  ['an event without a path', packetOf(head(-1).int(3).finish())],
])('%s is an outcome that is not known', async (_, bytes) => {
  const port = await portOf((socket, count) => void socket.write(count === 0 ? granted : bytes))
  const session = await sessionAt(port)
  expect(await asked(session)).toBeInstanceOf(AnswerMissing)
})

test('what speaks another protocol, and what says nothing, gives no session', async () => {
  const speaking = await portOf((socket) => void socket.end('HTTP/1.1 400 no\r\n\r\n'))
  await expect(sessionAt(speaking)).rejects.toBeInstanceOf(RequestUnsent)
  const silent = await portOf(() => undefined)
  await expect(sessionAt(silent)).rejects.toThrow('no session at any of 127.0.0.1')
})

test('a server that takes requests and answers none is left after the silence', async () => {
  const session = await sessionAt(await portOf((socket, count) => void (count === 0 && socket.write(granted))))
  const startMs = performance.now()
  const error = await asked(session)
  expect(error).toBeInstanceOf(AnswerMissing)
  expect(String(error)).toContain('no answer to anything for 500 ms')
  expect(performance.now() - startMs).toBeGreaterThan(450)
})

test('a session that ends while a request is open leaves its outcome unknown, and tells its watches', async () => {
  let isAsked = (): void => undefined
  const taken = new Promise<void>((resolve) => (isAsked = resolve))
  const port = await portOf((socket, count) => (count === 0 ? void socket.write(granted) : isAsked()))
  const session = await sessionAt(port, 3_000)
  const changes: string[] = []
  session.watches.add('data', '/node', (change) => changes.push(change))
  const outcome = asked(session)
  await taken
  session.abandon()
  expect(await outcome).toBeInstanceOf(AnswerMissing)
  expect(await asked(session)).toBeInstanceOf(SessionOver)
  expect(changes).toEqual(['lost'])
})

test('bytes of any kind in the place of an answer are survived', { timeout: 60_000 }, async () => {
  let bytes: Uint8Array = new Uint8Array()
  const port = await portOf((socket, count) => void (count === 0 ? socket.write(granted) : socket.end(bytes)))
  const session = await sessionAt(port, 3_000)
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 64 }), fc.boolean(), async (body, isPacket) => {
      bytes = isPacket ? packetOf(Buffer.from(body)) : body
      const outcome = await asked(session)
      if (!(outcome instanceof RequestUnsent)) expect(outcome).toBeInstanceOf(AnswerMissing)
    }),
    { numRuns: 200 },
  )
})
