/**
 * Many leases and one heartbeat, over a real socket.
 *
 * @module-tag real-time
 */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { promised } from '@holdfast/testbed/watchdog/broken-promise'
import { holdfast, type Locks } from 'holdfast'
import { memory } from 'holdfast/memory'
import { type LockServer, lockServer } from './index.ts'

const newId = (): string => crypto.randomUUID().replaceAll('-', '')

interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

let locks: Locks
let server: LockServer

beforeEach(async () => {
  locks = holdfast(memory())
  server = await lockServer({ locks, namespace: 'default', listen: '127.0.0.1:0' })
})
afterEach(async () => {
  await server.close(0)
  await locks.close()
})

async function post(path: string, body: object): Promise<Answer> {
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(server.url + path, { method: 'POST', headers, body: JSON.stringify(body) })
  return { status: answer.status, body: (await answer.json()) as Readonly<Record<string, unknown>> }
}

async function opened(lifeMs: number): Promise<string> {
  const id = newId()
  expect((await post('/v1/sessions', { id, lifeMs })).status).toBe(200)
  return id
}

const acquire = (name: string, session: string, waitMs = 0): Promise<Answer> =>
  post(`/v1/locks/${name}/acquire`, { id: newId(), session, waitMs })

test('one beat prolongs every lease of a session, and silence ends them all when the program knows it', async () => {
  const session = await opened(1_000)
  const names = ['one', 'two', 'three']
  for (const name of names) expect((await acquire(name, session)).status).toBe(200)
  const beat = async (): Promise<{ readonly sentMs: number; readonly body: Answer['body'] }> => {
    const sentMs = performance.now()
    return { sentMs, body: (await post('/v1/sessions/beat', { id: session })).body }
  }
  const firstMs = performance.now()
  let last = await beat()
  while (performance.now() - firstMs < 1_500) {
    // A busy machine is no silence: each beat is sent in time or the session may end.
    await new Promise((resolve) => setTimeout(resolve, 200))
    last = await beat()
  }
  expect(last.body).toMatchObject({ closing: false, beatAfterMs: 333 })
  expect((last.body['claims'] as { state: string }[]).map(({ state }) => state)).toEqual(['held', 'held', 'held'])
  const endsAtMs = last.sentMs + Number(last.body['believeMs'])
  const granted = await Promise.all(
    names.map(async (name) => {
      await locks.acquire(name, { wait: '10s' })
      return performance.now()
    }),
  )
  for (const atMs of granted) promised(() => expect(atMs).toBeGreaterThan(endsAtMs))
  // What is left of a second when its renewal was answered: a busy machine is late with that.
  expect(endsAtMs - last.sentMs).toBeGreaterThan(400)
  expect((await post('/v1/sessions/beat', { id: session })).status).toBe(410)
})

test('a lease of a session is believed no longer than the session, however long it was waited for', async () => {
  const holder = await locks.acquire('seat')
  const session = await opened(1_500)
  const waiting = acquire('seat', session, 10_000)
  await expect.poll(async () => (await locks.inspect('seat')).claims.length).toBe(2)
  setTimeout(() => void holder.release(), 300)
  const { body } = await waiting
  expect(Number(body['waitedMs'])).toBeGreaterThan(250)
  promised(() => expect(Number(body['believeMs'])).toBeLessThanOrEqual(1_500))
})

test('a lease that was lost is told with the next beat and its reason, and the others live on', async () => {
  const session = await opened(10_000)
  const { body } = await acquire('one', session)
  await acquire('two', session)
  await locks.evict('one', { token: BigInt(String(body['token'])), reason: 'db3 is replaced' })
  await expect
    .poll(async () => (await post('/v1/sessions/beat', { id: session })).body['claims'])
    .toMatchObject([
      { name: 'two', state: 'held' },
      { name: 'one', state: 'lost', believeMs: 0, reason: expect.stringContaining('db3 is replaced') as unknown },
    ])
})

test('the end of a session gives everything back, and its id is over', async () => {
  const session = await opened(10_000)
  await acquire('one', session)
  await acquire('two', session)
  expect((await post('/v1/sessions/end', { id: session })).body).toEqual({ outcome: 'ended' })
  expect((await post('/v1/sessions/end', { id: session })).status).toBe(200)
  for (const name of ['one', 'two']) expect((await locks.inspect(name)).claims).toEqual([])
  expect((await post('/v1/sessions', { id: session, lifeMs: 1_000 })).status).toBe(410)
  expect((await acquire('one', session)).body).toMatchObject({ status: 410, code: 'LEASE_LOST' })
  expect((await acquire('one', newId())).status).toBe(410)
})

test('a lock that is granted after its session ended is given back at once', async () => {
  const session = await opened(10_000)
  const holder = await locks.acquire('seat')
  const waiting = acquire('seat', session, 10_000)
  await expect.poll(async () => (await locks.inspect('seat')).claims.length).toBe(2)
  await post('/v1/sessions/end', { id: session })
  await holder.release()
  expect((await waiting).status).toBe(410)
  await expect
    .poll(async () => (await locks.inspect('seat')).claims.filter(({ state }) => state === 'held'))
    .toEqual([])
})

test('a session has at most a hundred leases, and its beats are never limited', async () => {
  const session = await opened(60_000)
  for (let at = 0; at < 100; at += 1) await acquire(`seat:${at}`, session)
  expect((await acquire('seat:100', session)).status).toBe(429)
  const beats = await Promise.all(Array.from({ length: 600 }, () => post('/v1/sessions/beat', { id: session })))
  expect(new Set(beats.map(({ status }) => status))).toEqual(new Set([200]))
})

test('a server that ends prolongs no session and begins none', async () => {
  const session = await opened(1_000)
  await acquire('seat', session)
  const ending = server.close(5_000)
  expect((await post('/v1/sessions/beat', { id: session })).body).toMatchObject({ closing: true })
  expect((await post('/v1/sessions', { id: newId() })).status).toBe(503)
  expect(await ending).toBe(0)
})
