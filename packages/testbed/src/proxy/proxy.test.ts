/** @module-tag real-time */
import { connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Engine } from '../engines/engine.ts'
import * as redis from '../engines/redis/driver.ts'
import { RespConnection, type RespValue } from '../engines/redis/resp.ts'
import { requireEngine } from '../engines/require-engine.ts'
import { openProxy, type Proxy } from './proxy.ts'

/** Long enough for a local answer on a busy machine, short enough to wait for one that does not come. */
const SILENCE_MS = 250

let engine: Engine
let proxy: Proxy
let direct: RespConnection

beforeEach(async (context) => {
  await requireEngine(context, redis)
  engine = await redis.start()
  proxy = await openProxy(engine)
  direct = await RespConnection.open(engine.url)
  return async () => {
    direct.close()
    await proxy.close()
    await engine.close()
  }
})

const connections: RespConnection[] = []

async function throughProxy(withinMs = SILENCE_MS): Promise<RespConnection> {
  const connection = await RespConnection.open(proxy.through(engine.url), { withinMs })
  connections.push(connection)
  return connection
}

afterEach(() => {
  for (const connection of connections.splice(0)) connection.close()
})

/** Asks over a connection of its own until the value is there. */
async function serverSees(key: string, value: RespValue): Promise<void> {
  await expect.poll(() => direct.command('GET', key), { timeout: 3_000 }).toBe(value)
}

describe('a proxy before a real Redis', () => {
  test('passes bytes unchanged, large values too', async () => {
    const client = await throughProxy(5_000)
    const large = 'abc\r\n'.repeat(1_000_000)
    await client.command('SET', 'large', large)
    expect(await client.command('GET', 'large')).toBe(large)
    expect(proxy.stats).toMatchObject({ accepted: 1, open: 1, requests: { lostBytes: 0 }, replies: { lostBytes: 0 } })
  })

  test('forgets the open connections, and lets new ones through', async () => {
    const [client, other] = [await throughProxy(), await throughProxy(5_000)]
    await client.command('SET', 'kept', '1')
    proxy.forgetConnections()
    await expect(client.command('SET', 'lost', '1')).rejects.toThrow()
    proxy.set({ kind: 'pass' })
    const fresh = await throughProxy(5_000)
    expect(await fresh.command('MGET', 'kept', 'lost')).toEqual(['1', null])
    expect(proxy.stats.open).toBeGreaterThanOrEqual(2)
    other.close()
    await proxy.close()
    await expect.poll(() => proxy.stats.open).toBe(0)
  })

  test('delays each way and keeps the order under jitter', async () => {
    const client = await throughProxy(5_000)
    proxy.set({ kind: 'delay', delayMs: 40, jitterMs: 30 })
    const startedMs = performance.now()
    await client.command('PING')
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(80)
    const lengths = await Promise.all(Array.from({ length: 30 }, (_, index) => client.command('RPUSH', 'list', index)))
    expect(lengths).toEqual(Array.from({ length: 30 }, (_, index) => index + 1))
    expect(await direct.command('LRANGE', 'list', 0, -1)).toEqual(Array.from({ length: 30 }, (_, index) => `${index}`))
  })

  test('holds what was sent and delivers it late', async () => {
    const client = await throughProxy(5_000)
    await client.command('SET', 'key', 'early')
    proxy.set({ kind: 'hold' })
    const late = client.command('SET', 'key', 'late')
    await direct.command('DEBUG', 'SLEEP', '0.1')
    await direct.command('SET', 'key', 'between')
    expect(await direct.command('GET', 'key')).toBe('between')
    proxy.set({ kind: 'pass' })
    expect(await late).toBe('OK')
    expect(await direct.command('GET', 'key')).toBe('late')
  })

  test('holds what was under way, and delivers the late write of a client that has given up', async () => {
    const client = await throughProxy(5_000)
    await client.command('PING')
    proxy.set({ kind: 'delay', delayMs: 50 })
    const unanswered = client.command('SET', 'key', 'late').catch(String)
    await expect.poll(() => proxy.stats.requests.waitingBytes).toBeGreaterThan(0)
    proxy.set({ kind: 'hold' })
    client.close()
    expect(await unanswered).toContain('closed')
    await direct.command('DEBUG', 'SLEEP', '0.15')
    expect(await direct.command('GET', 'key')).toBeNull()
    proxy.set({ kind: 'pass' })
    await serverSees('key', 'late')
  })

  test('cuts open connections and new ones with a reset, and heals', async () => {
    const client = await throughProxy()
    const unanswered = client.command('BLPOP', 'nothing', 5)
    proxy.set({ kind: 'cut' })
    await expect(unanswered).rejects.toMatchObject({ code: 'ECONNRESET' })
    const refused = throughProxy().then((connection) => connection.command('PING'))
    await expect(refused).rejects.toMatchObject({ code: 'ECONNRESET' })
    proxy.set({ kind: 'pass' })
    expect(await (await throughProxy()).command('PING')).toBe('PONG')
  })

  test('loses the reply of a request that was carried out', async () => {
    const client = await throughProxy()
    proxy.set({ kind: 'lose-replies' })
    await expect(client.command('SET', 'key', 'applied')).rejects.toThrow('did not come within')
    await serverSees('key', 'applied')
    expect(proxy.stats.replies.lostBytes).toBe('+OK\r\n'.length)
    expect(proxy.stats.requests.lostBytes).toBe(0)
  })

  test('loses requests, while what the server says by itself arrives', async () => {
    const client = await throughProxy(800)
    const popped = client.command('BLPOP', 'queue', 5)
    await expect.poll(() => direct.command('INFO', 'clients').then(String)).toContain('blocked_clients:1')
    proxy.set({ kind: 'lose-requests' })
    await direct.command('RPUSH', 'queue', 'job')
    expect(await popped).toEqual(['queue', 'job'])
    await expect(client.command('SET', 'key', 'never')).rejects.toThrow('did not come within')
    expect(await direct.command('GET', 'key')).toBeNull()
  })

  test('swallows both ways in a black hole, and the server does not learn that the client went away', async () => {
    const client = await throughProxy()
    const id = Number(await client.command('CLIENT', 'ID'))
    proxy.set({ kind: 'black-hole' })
    await expect(client.command('SET', 'key', 'never')).rejects.toThrow('did not come within')
    client.close()
    await expect((await throughProxy()).command('PING')).rejects.toThrow('did not come within')
    expect(await direct.command('GET', 'key')).toBeNull()
    expect(await direct.command('CLIENT', 'LIST', 'ID', id)).toContain(`id=${id} `)
    proxy.set({ kind: 'pass' })
    await expect.poll(() => direct.command('CLIENT', 'LIST', 'ID', id)).toBe('')
  })

  test('resets a connection that lost bytes when the loss ends, because the rest would be out of step', async () => {
    const client = await throughProxy(3_000)
    await client.command('PING')
    proxy.set({ kind: 'black-hole' })
    const lost = client.command('SET', 'key', 'never')
    await expect.poll(() => proxy.stats.requests.lostBytes).toBeGreaterThan(0)
    proxy.set({ kind: 'pass' })
    await expect(lost).rejects.toMatchObject({ code: 'ECONNRESET' })
    expect(await (await throughProxy()).command('GET', 'key')).toBeNull()
    await expect.poll(() => proxy.stats.open).toBe(1)
  })

  test('keeps a connection that lost nothing', async () => {
    const client = await throughProxy()
    await client.command('PING')
    proxy.set({ kind: 'black-hole' })
    proxy.set({ kind: 'pass' })
    expect(await client.command('PING')).toBe('PONG')
  })

  test('resets a client when the server is down, and serves it when it is back', async () => {
    await engine.kill()
    await expect(throughProxy().then((connection) => connection.command('PING'))).rejects.toThrow(/ECONNRESET|closed/)
    await engine.restart()
    expect(await (await throughProxy()).command('PING')).toBe('PONG')
  })
})

test('a connection that is reset while it ends leaves no socket behind', async () => {
  const socketsOpen = (): number => process.getActiveResourcesInfo().filter((each) => each === 'TCPSocketWrap').length
  const before = socketsOpen()
  const client = connect({ host: proxy.host, port: proxy.port })
  const closed = new Promise((resolve) =>
    client
      .on('error', () => {})
      .resume()
      .on('close', resolve),
  )
  await expect.poll(() => proxy.stats.open).toBe(1)
  proxy.set({ kind: 'hold' })
  client.end('PING\r\n')
  await expect.poll(() => proxy.stats.requests.waitingBytes).toBe(6)
  // The end of the stream comes right behind.
  for (let turn = 0; turn < 10; turn += 1) await new Promise(setImmediate)
  proxy.set({ kind: 'pass' })
  proxy.resetConnections()
  await closed
  await expect.poll(socketsOpen).toBeLessThanOrEqual(before)
})
