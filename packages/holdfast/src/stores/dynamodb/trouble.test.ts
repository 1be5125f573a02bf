/**
 * Incidents of other libraries, replayed on Amazon's own local server: heartbeats that land and are not answered, that come after
 * the end, processes that are frozen with a renewal in flight, clocks that are off.
 * @module-tag real-time
 */
import * as server from '@holdfast/testbed/engines/dynamodb/driver'
import type { Engine } from '@holdfast/testbed/engines/engine'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { requireAbility } from '@holdfast/testbed/os/rights'
import { locate as locateClock, openSkewedClock } from '@holdfast/testbed/os/skewed-clock'
import { promised } from '@holdfast/testbed/watchdog/broken-promise'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { holdfast } from '../../holdfast.ts'
import { Stage, urlOf } from './dynamodb.fixture.ts'
import { frozenHolder, holdingProcess, landedHeartbeat, lateHeartbeat } from '../incidents.fixture.ts'
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

const child = new URL('child.fixture.ts', import.meta.url)

test('a heartbeat that failed and landed all the same costs nothing: the next one finds the lease as it is', async () => {
  const way = await stage.way(engine)
  const through = dynamodb(stage.client({ url: way.through(engine.url) }, hasty))
  await landedHeartbeat({ stage, way, through, resource: fresh() })
})

test('a heartbeat that comes after the lease was taken away brings nothing back, and its holder hears of it', async () => {
  const way = await stage.way(engine)
  const through = dynamodb(stage.client({ url: way.through(engine.url) }))
  await lateHeartbeat({ stage, way, through, direct: dynamodb(stage.client(engine)), resource: fresh() })
})

test('a process that is frozen for three leases with its renewal in flight wakes up lost, and nothing comes back to life', async () => {
  const way = await stage.way(engine)
  const direct = dynamodb(stage.client(engine))
  await frozenHolder({ stage, way, direct }, child, [urlOf({ url: way.through(engine.url) }), `frozen${(names += 1)}`])
}, 60_000)

test.for([10, -10])(
  'a machine whose clock is off by %i minutes holds, dies and is followed like any other',
  { timeout: 60_000 },
  async (minutes, context) => {
    await requireAbility(context, locateClock)
    using clock = await openSkewedClock()
    clock.set(minutes * 60_000)
    const name = `skewed${(names += 1)}`
    const { child: other, token } = await holdingProcess(stage, child, [urlOf(engine), name, '1500'], clock.environment)
    const locks = holdfast(dynamodb(stage.client(engine)), { ttl: '20s' })
    stage.keep(locks, () => locks.close())
    // For longer than a lease: it is renewed all the time.
    await expect(locks.acquire(name, { wait: '2s' })).rejects.toMatchObject({ code: 'WAIT_TIMEOUT' })
    other.kill('SIGKILL')
    const killedAtMs = performance.now()
    const next = await locks.acquire(name, { wait: '30s' })
    const tookMs = performance.now() - killedAtMs
    promised(() => expect(next.token).toBeGreaterThan(token))
    expect(tookMs).toBeLessThan(1_500 * 2 + 1_000)
    await next.release()
  },
)
