/**
 * What goes wrong between a lock and Kubernetes, on a stand-in for its API server: answers that are lost, heartbeats that come late,
 * a process that is frozen, watches that break and begin too late.
 * @module-tag real-time
 */
import * as server from '@holdfast/testbed/engines/kubernetes/driver'
import type { Engine } from '@holdfast/testbed/engines/engine'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { promised } from '@holdfast/testbed/watchdog/broken-promise'
import { afterAll, beforeEach, expect, test } from 'vitest'
import type { Facts } from '../../store/facts.ts'
import type { OpenStore } from '../../store/store.ts'
import { again, claim, held, takeAndLeave, turnOf } from '../claims.fixture.ts'
import { frozenHolder, landedHeartbeat, lateHeartbeat } from '../incidents.fixture.ts'
import { environment } from '../opened.fixture.ts'
import { kubernetes } from './index.ts'
import { Stage, urlOf } from './kubernetes.fixture.ts'

const stage = new Stage()
let engine: Engine
let names = 0

beforeEach(async (context) => {
  await requireEngine(context, server)
  engine ??= await stage.server({ historyLength: 20 })
})
afterAll(() => stage[Symbol.asyncDispose]())

const fresh = (): string => `n!trouble${(names += 1)}`

/** A watch begins with a look, which ends it where it fails. */
async function watchStands(store: OpenStore, resource: string): Promise<void> {
  for (let looks = 0; looks < 3; looks += 1) await store.look(resource)
}

test('a heartbeat that failed and landed all the same costs nothing: the next one finds the lease as it is', async () => {
  const way = await stage.way(engine)
  const through = kubernetes(urlOf({ url: way.through(engine.url) }))
  await landedHeartbeat({ stage, way, through, resource: fresh() })
})

test('a heartbeat that comes after the lease was taken away brings nothing back, and its holder hears of it', async () => {
  const way = await stage.way(engine)
  const through = kubernetes(urlOf({ url: way.through(engine.url) }))
  await lateHeartbeat({ stage, way, through, direct: kubernetes(urlOf(engine)), resource: fresh() })
})

test('a process that is frozen for three leases with its renewal in flight wakes up lost, and nothing comes back to life', async () => {
  const way = await stage.way(engine)
  const script = new URL('child.fixture.ts', import.meta.url)
  const url = urlOf({ url: way.through(engine.url) })
  await frozenHolder({ stage, way, direct: kubernetes(urlOf(engine)) }, script, [url, 'frozen'])
}, 60_000)

test('a watch that broke is told as trouble, goes on behind what it saw, and what the server promises is asked again', async () => {
  const way = await stage.way(engine)
  const [troubles, changes]: [Error[], Facts[]] = [[], []]
  const waiting = await kubernetes(urlOf({ url: way.through(engine.url) })).open({
    ...environment(),
    troubled: (error) => void troubles.push(error),
    factsChanged: (facts) => void changes.push(facts),
  })
  stage.keep(waiting, () => waiting.close())
  const store = await stage.opened(kubernetes(urlOf(engine)))
  const resource = fresh()
  const [first, second] = [claim(resource), claim(resource)]
  const { token } = held(await store.enter(first))
  expect(await waiting.enter(second)).toMatchObject({ kind: 'queued' })
  const late = AbortSignal.timeout(10_000)
  const told = waiting.watch(second, late)
  await watchStands(waiting, resource)
  way.set({ kind: 'cut' })
  await expect.poll(() => troubles.length, { timeout: 5_000 }).toBe(1)
  await store.leave({ ...first, token })
  way.set({ kind: 'pass' })
  await told
  expect(late.aborted).toBe(false)
  await expect.poll(() => changes.length, { timeout: 5_000 }).toBe(1)
  expect((await turnOf(waiting, second)).token).toBe(token + 1n)
}, 20_000)

test('a watch that begins too late is told that it missed something, and every waiter looks', async () => {
  const way = await stage.way(engine)
  const waiting = await stage.opened(kubernetes(urlOf({ url: way.through(engine.url) })))
  const store = await stage.opened(kubernetes(urlOf(engine)))
  const resource = fresh()
  const [first, second] = [claim(resource), claim(resource)]
  const { token } = held(await store.enter(first))
  expect(await waiting.enter(second)).toMatchObject({ kind: 'queued' })
  const late = AbortSignal.timeout(5_000)
  const told = waiting.watch(second, late)
  await watchStands(waiting, resource)
  const { accepted } = way.stats
  way.set({ kind: 'cut' })
  await expect.poll(() => way.stats.accepted, { timeout: 5_000 }).toBeGreaterThan(accepted)
  await store.leave({ ...first, token })
  // More changes than the server remembers.
  for (let pair = 0; pair < 15; pair += 1) await takeAndLeave(store, 'n!busy')
  way.set({ kind: 'pass' })
  await told
  expect(late.aborted).toBe(false)
  expect((await turnOf(waiting, second)).token).toBe(token + 1n)
}, 30_000)

test('a server that is killed and started again finds every lock as it was, and tokens rise', async () => {
  const own = await stage.server()
  const store = await stage.opened(kubernetes(urlOf(own)))
  const resource = fresh()
  const before = await takeAndLeave(store, resource)
  const first = claim(resource)
  held(await store.enter(first))
  await own.kill()
  await own.restart()
  const { token } = held(await again(() => store.enter(first)))
  await again(() => store.leave({ ...first, token }))
  const after = await again(() => takeAndLeave(store, resource))
  promised(() => {
    expect(token).toBe(before + 1n)
    expect(after).toBe(token + 1n)
  })
}, 20_000)
