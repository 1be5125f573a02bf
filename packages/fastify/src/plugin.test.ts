/**
 * What a Fastify application gets, over real sockets.
 *
 * @module-tag real-time
 */
import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { fastify, type FastifyInstance } from 'fastify'
import { holdfast, LeaseLost, type Locks, StaleToken } from 'holdfast'
import { memory, memoryEngine } from 'holdfast/memory'
import { unreliable } from 'holdfast/testing'
import { fastifyLocks, type NamedRequest } from './index.ts'

const seatOf = ({ params }: NamedRequest): string => `seat:${params['id']}`

let app: FastifyInstance
let stranger: Locks
beforeEach(async () => {
  const engine = memoryEngine()
  app = fastify()
  await app.register(fastifyLocks, { store: memory(engine), namespace: 'shop' })
  stranger = holdfast(memory(engine), { namespace: 'shop' })
})
afterEach(async () => {
  await stranger.close()
  await app.close()
})

/** A promise and what settles it. */
const gate = (): PromiseWithResolvers<void> => Promise.withResolvers<void>()

describe('a route with a lock', () => {
  test('runs its handlers one after the other, each with a token above the one before', async () => {
    const tokens: bigint[] = []
    let [running, most] = [0, 0]
    app.post('/seats/:id', { config: { lock: { name: seatOf } } }, async ({ lease, workSignal }) => {
      most = Math.max(most, (running += 1))
      expect(workSignal?.aborted).toBe(false)
      await new Promise(setImmediate)
      tokens.push(lease?.token ?? 0n)
      running -= 1
      return { sold: true }
    })
    const sales = await Promise.all(Array.from({ length: 5 }, () => app.inject({ method: 'POST', url: '/seats/14A' })))
    expect(sales.map(({ statusCode, body }) => [statusCode, body])).toEqual(sales.map(() => [200, '{"sold":true}']))
    expect(most).toBe(1)
    expect(tokens).toEqual(tokens.toSorted((a, b) => (a < b ? -1 : 1)))
    expect(new Set(tokens).size).toBe(5)
  })

  test('holds the lock until a handler that sends later has sent', async () => {
    const [begun, go] = [gate(), gate()]
    app.get('/later', { config: { lock: { name: 'later' } } }, (_, reply) => {
      begun.resolve()
      void go.promise.then(() => reply.send('sent'))
    })
    const answer = app.inject('/later')
    await begun.promise
    expect(await stranger.tryAcquire('later')).toBeNull()
    go.resolve()
    expect((await answer).body).toBe('sent')
    await (await stranger.acquire('later', { wait: '5s' })).release()
  })

  test('answers 409 and when to come again while the lock is held elsewhere', async () => {
    app.post('/seats/:id', { config: { lock: { name: seatOf, wait: 0 } } }, async () => 'sold')
    const lease = await stranger.acquire('seat:14A')
    const { statusCode, headers, body } = await app.inject({ method: 'POST', url: '/seats/14A' })
    expect([statusCode, headers['retry-after'], headers['content-type']]).toEqual([
      409,
      '1',
      'application/problem+json; charset=utf-8',
    ])
    expect(JSON.parse(body)).toMatchObject({ code: 'WAIT_TIMEOUT', status: 409 })
    expect(body).not.toContain('14A')
    await lease.release()
  })

  test('answers 423 when the lock is taken away from the handler, and aborts its signal', async () => {
    app.get('/work', { config: { lock: { name: 'work' } } }, async ({ lease, workSignal }) => {
      await stranger.evict('work', { token: lease?.token ?? 0n, reason: 'a test' })
      if (workSignal?.aborted === false) await once(workSignal, 'abort')
      return 'late'
    })
    expect((await app.inject('/work')).statusCode).toBe(423)
  })

  test('leaves the line when the client goes away', async () => {
    app.get('/work', { config: { lock: { name: 'work', wait: '1h' } } }, async () => 'done')
    const lease = await stranger.acquire('work')
    const url = new URL(await app.listen({ host: '127.0.0.1', port: 0 }))
    const socket = connect(Number(url.port), url.hostname)
    socket.write('GET /work HTTP/1.1\r\nhost: localhost\r\n\r\n')
    await expect.poll(async () => (await stranger.inspect('work')).claims.length).toBe(2)
    socket.destroy()
    await expect.poll(async () => (await stranger.inspect('work')).claims.length).toBe(1)
    await lease.release()
  })

  test('is refused when it was added before the plugin, instead of running without its lock', async () => {
    const early = fastify()
    void early.register(fastifyLocks, { store: memory() })
    let ran = false
    early.get('/early', { config: { lock: { name: 'early' } } }, async () => (ran = true))
    const { statusCode, body } = await early.inject('/early')
    expect([statusCode, ran]).toEqual([500, false])
    expect(body).toContain('await app.register(fastifyLocks')
    await early.close()
  })
})

describe('errors', () => {
  test('of the library are answered wherever they come from, and others as before', async () => {
    app.get('/stale', async () => {
      throw new StaleToken('"seat:14A" has seen 8', { held: 7n, needed: 8n })
    })
    app.get('/own', async () => {
      throw new LeaseLost('seat:14A')
    })
    app.get('/other', async () => {
      throw Object.assign(new Error('the card was refused'), { statusCode: 402 })
    })
    expect((await app.inject('/stale')).statusCode).toBe(423)
    expect((await app.inject('/own')).json()).toMatchObject({ code: 'LEASE_LOST' })
    const other = await app.inject('/other')
    expect([other.statusCode, other.json().message]).toEqual([402, 'the card was refused'])
  })

  test('of a store that is away are answered with 503', async () => {
    const broken = fastify()
    let isDown = false
    await broken.register(fastifyLocks, {
      store: unreliable(memory(), (_, method) => (isDown && method === 'enter' ? { kind: 'unavailable' } : undefined)),
    })
    broken.get('/work', { config: { lock: { name: 'work', wait: '100ms' } } }, async () => 'done')
    await broken.ready()
    isDown = true
    const { statusCode, body } = await broken.inject('/work')
    expect([statusCode, JSON.parse(body).status]).toEqual([503, 503])
    await broken.close()
  })

  test('go to the application alone where it says so', async () => {
    const plain = fastify()
    await plain.register(fastifyLocks, { store: memory(), errors: false })
    plain.get('/own', async () => {
      throw new LeaseLost('the lock was lost')
    })
    expect((await plain.inject('/own')).statusCode).toBe(500)
    await plain.close()
  })
})

describe('the end of an application', () => {
  test('answers the request that runs, and only then gives its locks back', async () => {
    const [begun, go, closing] = [gate(), gate(), gate()]
    app.addHook('preClose', async () => closing.resolve())
    app.get('/work', { config: { lock: { name: 'work' } } }, async ({ lease }) => {
      begun.resolve()
      await go.promise
      return { isHeld: lease?.isHeld() }
    })
    const url = await app.listen({ host: '127.0.0.1', port: 0 })
    const answer = fetch(`${url}/work`)
    await begun.promise
    const closed = app.close()
    await closing.promise
    const second = await stranger.tryAcquire('work')
    go.resolve()
    expect(second).toBeNull()
    expect(await (await answer).json()).toEqual({ isHeld: true })
    await closed
    expect(app.locks.health().state).toBe('closed')
  })

  test('without a store that opens is the start of it, with the reason', async () => {
    const lesser = fastify()
    await lesser.register(fastifyLocks, { store: memory(), require: 'consensus' })
    await expect(lesser.ready()).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    await lesser.close()
  })
})
