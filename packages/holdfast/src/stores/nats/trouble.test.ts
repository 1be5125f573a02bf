/**
 * What goes wrong between a lock and NATS, on real servers: answers that are lost, connections that break, heartbeats that come
 * late, a process that is frozen, a cluster that loses its leader.
 * @module-tag real-time
 */
import type { Socket } from 'node:net'
import * as server from '@holdfast/testbed/engines/nats/driver'
import { startCluster } from '@holdfast/testbed/engines/nats/cluster'
import type { Engine } from '@holdfast/testbed/engines/engine'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { promised } from '@holdfast/testbed/watchdog/broken-promise'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { OutcomeUnknown, StoreUnavailable } from '../../store/errors.ts'
import type { Facts } from '../../store/facts.ts'
import { again, claim, held, takeAndLeave, turnOf } from '../claims.fixture.ts'
import { frozenHolder, lateHeartbeat } from '../incidents.fixture.ts'
import { environment } from '../opened.fixture.ts'
import { nats } from './index.ts'
import { asked, Stage } from './nats.fixture.ts'

/** What the client does not promise. */
interface Transported {
  readonly transport: { readonly socket?: Socket }
}

const stage = new Stage()
let engine: Engine
let names = 0

beforeEach(async (context) => {
  await requireEngine(context, server)
  engine ??= await stage.server()
})
afterAll(() => stage[Symbol.asyncDispose]())

const fresh = (): string => `n!trouble${(names += 1)}`

test('a change whose answer is lost with the connection is unknown at once, and was done', async () => {
  const way = await stage.way(engine)
  const store = await stage.opened(nats(await stage.client({ url: way.through(engine.url) })))
  const first = claim(fresh())
  const { token } = held(await store.enter(first))
  way.set({ kind: 'lose-replies' })
  const { passedBytes } = way.stats.requests
  const renewing = store.renew([{ ref: first, ttlMs: 10_000 }])
  await expect.poll(() => way.stats.requests.passedBytes, { timeout: 2_000 }).toBeGreaterThan(passedBytes)
  await expect.poll(() => way.stats.replies.lostBytes, { timeout: 2_000 }).toBeGreaterThan(0)
  const lostAtMs = performance.now()
  way.set({ kind: 'pass' })
  expect((await renewing)[0]).toBeInstanceOf(OutcomeUnknown)
  expect(performance.now() - lostAtMs).toBeLessThan(1_500)
  const next = await again(async () => {
    const [answer] = await store.renew([{ ref: first, ttlMs: 10_000 }])
    if (answer instanceof Error) throw answer
    return answer
  })
  promised(() => expect(next).toMatchObject({ kind: 'held', token }))
  expect(await store.leave({ ...first, token })).toBe('left')
})

test.each(['first', 'second'])('an error of the %s socket that comes after its end ends no program', async (which) => {
  const way = await stage.way(engine)
  const client = await stage.client({ url: way.through(engine.url) })
  await stage.opened(nats(client))
  const socketOf = (): Socket | undefined => (client as unknown as { protocol: Transported }).protocol.transport.socket
  let socket = socketOf()
  const cut = async (): Promise<void> => {
    const before = socket
    way.set({ kind: 'cut' })
    way.set({ kind: 'pass' })
    await expect.poll(() => socketOf() !== before && socketOf()?.readyState === 'open', { timeout: 5_000 }).toBe(true)
  }
  if (which === 'second') {
    await cut()
    socket = socketOf()
    // The store has heard of it as well.
    await client.flush()
    await new Promise((resolve) => setImmediate(resolve))
  }
  await cut()
  expect(socket?.destroyed).toBe(true)
  expect(() => socket?.emit('error', new Error('write after end'))).not.toThrow()
})

test('while the connection is away nothing waits in the client, and what NATS promises is asked again afterwards', async () => {
  const way = await stage.way(engine)
  const troubles: StoreUnavailable[] = []
  const facts: Facts[] = []
  const store = await nats(await stage.client({ url: way.through(engine.url) })).open({
    ...environment(),
    troubled: (error) => void troubles.push(error),
    factsChanged: (changed) => void facts.push(changed),
  })
  stage.keep(store, () => store.close())
  way.set({ kind: 'cut' })
  await expect.poll(() => troubles.length, { timeout: 5_000 }).toBeGreaterThan(0)
  const refused = store.enter(claim(fresh()))
  await expect(refused).rejects.toThrow(StoreUnavailable)
  await expect(refused).rejects.toThrow(/goes on connecting/)
  way.set({ kind: 'pass' })
  await expect.poll(() => facts.length, { timeout: 10_000 }).toBeGreaterThan(0)
  held(await again(() => store.enter(claim(fresh()))))
}, 20_000)

test('a heartbeat that comes after the lease was taken away brings nothing back, and its holder hears of it', async () => {
  const way = await stage.way(engine)
  const through = nats(await stage.client({ url: way.through(engine.url) }))
  await lateHeartbeat({ stage, way, through, direct: nats(engine.url), resource: fresh() })
})

test('a process that is frozen for three leases with its renewal in flight wakes up lost, and nothing comes back to life', async () => {
  const way = await stage.way(engine)
  const script = new URL('child.fixture.ts', import.meta.url)
  await frozenHolder({ stage, way, direct: nats(engine.url) }, script, [way.through(engine.url), 'frozen'])
}, 60_000)

test('a bucket that is deleted under a lock is told, and is not made again under it', async () => {
  const client = await stage.client(engine)
  const store = await stage.opened(nats(client, { bucket: 'deleted' }))
  const first = claim(fresh())
  held(await store.enter(first))
  await asked(client, 'STREAM.DELETE.KV_deleted')
  const [answer] = await store.renew([{ ref: first, ttlMs: 10_000 }])
  expect(answer).toBeInstanceOf(Error)
  await expect(store.look(first.resource)).rejects.toThrow(StoreUnavailable)
  expect(await asked(client, 'STREAM.INFO.KV_deleted')).toHaveProperty('error')
})

test('a cluster of three that loses the leader of the bucket goes on, and its tokens rise', async () => {
  await using cluster = await startCluster()
  const store = await again(() => stage.opened(nats(cluster.url)))
  expect(store.facts.reasons.join()).toMatch(/keeps it on 3 servers/)
  const resource = fresh()
  const before = await again(() => takeAndLeave(store, resource))
  const client = await stage.client({ url: cluster.url.replaceAll(',', ',nats://') })
  const info = (await asked(client, 'STREAM.INFO.KV_holdfast')) as { cluster: { leader: string } }
  const leader = cluster.members.find(({ name }) => name === info.cluster.leader)
  const first = claim(resource)
  held(await again(() => store.enter(first)))
  await leader?.engine.kill()
  const { token } = held(await again(() => store.enter(first)))
  await again(() => store.leave({ ...first, token }))
  const after = await turnOf(store, claim(resource))
  promised(() => {
    expect(token).toBe(before + 1n)
    expect(after.token).toBe(token + 1n)
  })
}, 60_000)
