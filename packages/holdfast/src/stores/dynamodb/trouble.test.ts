/**
 * Incidents of other libraries, replayed on Amazon's own local server: heartbeats that land and are not answered, that come after
 * the end, processes that are frozen with a renewal in flight, clocks that are off.
 * @module-tag real-time
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface, type Interface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import * as server from '@holdfast/testbed/engines/dynamodb/driver'
import type { Engine } from '@holdfast/testbed/engines/engine'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { requireAbility } from '@holdfast/testbed/os/rights'
import { locate as locateClock, openSkewedClock } from '@holdfast/testbed/os/skewed-clock'
import { promised } from '@holdfast/testbed/watchdog/broken-promise'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { holdfast } from '../../holdfast.ts'
import { OutcomeUnknown } from '../../store/errors.ts'
import { again, claim, held } from '../claims.fixture.ts'
import { Stage, urlOf } from './dynamodb.fixture.ts'
import { dynamodb } from './index.ts'

const stage = new Stage()
let engine: Engine
let names = 0

beforeEach(async (context) => {
  await requireEngine(context, server)
  engine ??= await stage.server()
})
afterAll(() => stage[Symbol.asyncDispose]())

const fresh = (): string => `n!trouble${(names += 1)}`
const hasty = { requestHandler: { requestTimeout: 1_000, throwOnRequestTimeout: true } }

interface Holder {
  readonly child: ChildProcess
  readonly lines: Interface
  readonly token: bigint
}

/** Another process that holds, once it has said so. */
async function holder(url: string, name: string, ttlMs: number, environment: object = {}): Promise<Holder> {
  const script = fileURLToPath(new URL('child.fixture.ts', import.meta.url))
  const child = spawn(process.execPath, [script, url, name, String(ttlMs)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...environment },
  })
  stage.keep(child, () => void child.kill('SIGKILL'))
  const lines = createInterface({ input: child.stdout })
  const [token] = (await once(lines, 'line')) as [string]
  return { child, lines, token: BigInt(token) }
}

test('a heartbeat that failed and landed all the same costs nothing: the next one finds the lease as it is', async () => {
  const way = await stage.way(engine)
  const store = await stage.opened(dynamodb(stage.client({ url: way.through(engine.url) }, hasty)))
  const first = claim(fresh())
  const { token } = held(await store.enter(first))
  way.set({ kind: 'lose-replies' })
  const [unanswered] = await store.renew([{ ref: first, ttlMs: 10_000 }])
  expect(unanswered).toBeInstanceOf(OutcomeUnknown)
  way.set({ kind: 'pass' })
  const next = await again(async () => {
    const [answer] = await store.renew([{ ref: first, ttlMs: 10_000 }])
    if (answer instanceof Error) throw answer
    return answer
  })
  expect(next).toMatchObject({ kind: 'held', token })
  expect(await store.leave({ ...first, token })).toBe('left')
})

test('a heartbeat that comes after the lease was taken away brings nothing back, and its holder hears of it', async () => {
  const way = await stage.way(engine)
  const store = await stage.opened(dynamodb(stage.client({ url: way.through(engine.url) })))
  const other = await stage.opened(dynamodb(stage.client(engine)))
  const resource = fresh()
  const [first, second] = [claim(resource), claim(resource)]
  const { token } = held(await store.enter(first))
  way.set({ kind: 'hold' })
  const late = store.renew([{ ref: first, ttlMs: 60_000 }])
  await expect.poll(() => way.stats.requests.waitingBytes, { timeout: 2_000 }).toBeGreaterThan(0)
  expect(await other.evict(resource, token, 'a test')).toBe('evicted')
  const next = held(await other.enter(second))
  way.set({ kind: 'pass' })
  expect(await late).toMatchObject([{ kind: 'gone' }])
  promised(() => expect(next.token).toBeGreaterThan(token))
  const { claims } = await other.look(resource)
  promised(() =>
    expect(claims.filter(({ weight }) => weight > 0)).toMatchObject([{ state: 'held', token: next.token }]),
  )
})

test('a process that is frozen for three leases with its renewal in flight wakes up lost, and nothing comes back to life', async () => {
  const way = await stage.way(engine)
  const name = `frozen${(names += 1)}`
  const ttlMs = 1_500
  const { child, lines, token } = await holder(urlOf({ url: way.through(engine.url) }), name, ttlMs)
  way.set({ kind: 'hold' })
  await expect.poll(() => way.stats.requests.waitingBytes, { timeout: 5_000, interval: 10 }).toBeGreaterThan(0)
  child.kill('SIGSTOP')
  const frozenAtMs = performance.now()
  const locks = holdfast(dynamodb(stage.client(engine)), { ttl: '20s' })
  stage.keep(locks, () => locks.close())
  const next = await locks.acquire(name, { wait: '30s' })
  promised(() => expect(next.token).toBeGreaterThan(token))
  const leftMs = 3 * ttlMs - (performance.now() - frozenAtMs)
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, leftMs)))
  const ended = once(lines, 'line')
  // What was in flight arrives first.
  way.set({ kind: 'pass' })
  child.kill('SIGCONT')
  expect(await ended).toEqual(['lost'])
  await new Promise((resolve) => setTimeout(resolve, 300))
  const { claims, lastToken } = await locks.inspect(name)
  promised(() => {
    expect(next.isHeld()).toBe(true)
    expect(claims).toMatchObject([{ state: 'held', token: next.token }])
    expect(lastToken).toBe(next.token)
  })
  await next.release()
}, 60_000)

test.for([10, -10])(
  'a machine whose clock is off by %i minutes holds, dies and is followed like any other',
  { timeout: 60_000 },
  async (minutes, context) => {
    await requireAbility(context, locateClock)
    using clock = await openSkewedClock()
    clock.set(minutes * 60_000)
    const name = `skewed${(names += 1)}`
    const { child, token } = await holder(urlOf(engine), name, 1_500, clock.environment)
    const locks = holdfast(dynamodb(stage.client(engine)), { ttl: '20s' })
    stage.keep(locks, () => locks.close())
    // For longer than a lease: it is renewed all the time.
    await expect(locks.acquire(name, { wait: '2s' })).rejects.toMatchObject({ code: 'WAIT_TIMEOUT' })
    child.kill('SIGKILL')
    const killedAtMs = performance.now()
    const next = await locks.acquire(name, { wait: '30s' })
    const tookMs = performance.now() - killedAtMs
    promised(() => expect(next.token).toBeGreaterThan(token))
    expect(tookMs).toBeLessThan(1_500 * 2 + 1_000)
    await next.release()
  },
)
