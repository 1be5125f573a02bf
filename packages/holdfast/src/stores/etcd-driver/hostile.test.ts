/**
 * Servers that answer what no etcd answers, over real connections: a typed error in time, and no error event that ends
 * the process.
 * @module-tag real-time
 */
import { once } from 'node:events'
import { createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2'
import { createServer as createPlainServer, type AddressInfo, type Server } from 'node:net'
import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { OutcomeUnknown, StoreUnavailable } from '../../store/errors.ts'
import { environment } from '../opened.fixture.ts'
import { etcdAddressOf } from './address.ts'
import { EtcdChannel } from './channel.ts'
import { statusMethod } from './messages.ts'
import { loadedCodec } from './wire.ts'

const servers: (Http2Server | Server)[] = []
const channels: EtcdChannel[] = []
afterEach(() => {
  for (const channel of channels.splice(0)) channel.close()
  for (const server of servers.splice(0)) server.close()
})

async function listening(server: Http2Server | Server): Promise<string> {
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `etcd://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function channelTo(onStream: (stream: ServerHttp2Stream) => void): Promise<EtcdChannel> {
  const server = createServer()
  server.on('stream', (stream) => {
    stream.on('error', () => undefined)
    onStream(stream)
  })
  server.on('session', (session) => session.on('error', () => undefined))
  return await channelOver(await listening(server))
}

async function channelOver(url: string): Promise<EtcdChannel> {
  const channel = new EtcdChannel(etcdAddressOf(url), {}, await loadedCodec(), environment())
  channels.push(channel)
  return channel
}

const asked = (channel: EtcdChannel): Promise<unknown> =>
  channel.call(statusMethod, {}, 'asking').then(
    () => 'answered',
    (error: unknown) => error,
  )

function answering(body: Uint8Array, trailers: Record<string, string> = { 'grpc-status': '0' }) {
  return (stream: ServerHttp2Stream): void => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers(trailers))
    stream.end(body)
  }
}

test.each<[string, (stream: ServerHttp2Stream) => void]>([
  ['no message at all', answering(new Uint8Array())],
  ['half a message', answering(Buffer.from([0, 0, 0, 0, 9, 1, 2]))],
  ['a message that is too long', answering(Buffer.from([0, 0x7f, 0xff, 0xff, 0xff]))],
  ['a compressed message', answering(Buffer.from([1, 0, 0, 0, 0]))],
  ['a message of other fields', answering(Buffer.from([0, 0, 0, 0, 2, 0x10, 0x01]))],
  ['a status that is no number', answering(Buffer.from([0, 0, 0, 0, 0]), { 'grpc-status': 'fine' })],
  ['words with half an encoded sign', answering(new Uint8Array(), { 'grpc-status': '14', 'grpc-message': '%zz' })],
  ['a page of HTML', (stream) => (stream.respond({ ':status': 404 }), stream.end('<html>'))],
  ['an end without an answer', (stream) => stream.close()],
  ['an end of the connection', (stream) => stream.session?.destroy()],
])('%s is an outcome that is not known', async (_, onStream) => {
  const channel = await channelTo(onStream)
  expect(await asked(channel)).toBeInstanceOf(OutcomeUnknown)
  // And asking again is possible.
  expect(await asked(channel)).toBeInstanceOf(OutcomeUnknown)
})

test('what is no HTTP/2, and what says nothing, is no connection', async () => {
  const speaking = await channelOver(
    await listening(createPlainServer((socket) => socket.end('HTTP/1.1 400 no\r\n\r\n'))),
  )
  expect(await asked(speaking)).toBeInstanceOf(StoreUnavailable)
  const silent = await channelOver(await listening(createPlainServer((socket) => socket.on('error', () => undefined))))
  const error = await asked(silent)
  expect(error).toBeInstanceOf(StoreUnavailable)
  expect(String(error)).toContain('no connection within 4000 ms')
})

test('a member that takes requests and answers none is left after three seconds', { timeout: 20_000 }, async () => {
  const channel = await channelTo(() => undefined)
  const startMs = performance.now()
  const error = await asked(channel)
  expect(error).toBeInstanceOf(OutcomeUnknown)
  expect(String(error)).toContain('no answer to anything for 3000 ms')
  expect(performance.now() - startMs).toBeLessThan(5_500)
})

test('bytes of any kind in the place of an answer are survived', { timeout: 60_000 }, async () => {
  let body: Uint8Array = new Uint8Array()
  const channel = await channelTo((stream) => answering(body)(stream))
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 64 }), fc.boolean(), async (bytes, isFramed) => {
      const head = Buffer.alloc(5)
      head.writeUInt32BE(bytes.length, 1)
      body = isFramed ? Buffer.concat([head, bytes]) : bytes
      const outcome = await asked(channel)
      if (outcome !== 'answered') expect(outcome).toBeInstanceOf(OutcomeUnknown)
    }),
    { numRuns: 200 },
  )
})

test('a watch whose events are damaged is told that it is lost, and only once', async () => {
  const channel = await channelTo((stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' })
    stream.write(Buffer.from([0, 0, 0, 0, 3, 0x5a, 0x7f, 0x01]))
  })
  let lost = 0
  const { promise, resolve } = Promise.withResolvers<void>()
  const onLost = (): void => {
    lost += 1
    resolve()
  }
  channel.watch({ key: 'a' }, { onCreated: () => undefined, onEvents: () => undefined, onLost })
  await promise
  await new Promise((resume) => setTimeout(resume, 400))
  expect(lost).toBe(1)
})
