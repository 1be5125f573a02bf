/**
 * ZooKeeper beyond the conformance cases: what a pair costs, the session that is granted, lost answers, ownership.
 * @module-tag real-time
 */
import type { Engine } from '@holdfast/testbed/engines/engine'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import * as server from '@holdfast/testbed/engines/zookeeper/driver'
import { openProxy } from '@holdfast/testbed/proxy/proxy'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { holdfast } from '../../holdfast.ts'
import type { OpenStore } from '../../store/store.ts'
import { again, claim, held, takeAndLeave } from '../claims.fixture.ts'
import { isWhole } from '../zookeeper-driver/requests.ts'
import { zookeeper } from './index.ts'
import { receivedBy, ZookeeperStage } from './zookeeper.fixture.ts'

const stage = new ZookeeperStage()
let engine: Engine
let names = 0

beforeEach(async (context) => {
  await requireEngine(context, server)
  engine ??= await stage.server({ settings: { maxSessionTimeout: '60000' } })
})
afterAll(() => stage[Symbol.asyncDispose]())

const fresh = (): string => `n!lock${(names += 1)}`
const open = (rest = ''): Promise<OpenStore> => stage.opened(zookeeper(engine.url + rest))

/** How many packets the server got during this work. */
async function costs(work: () => Promise<unknown>): Promise<number> {
  const first = await receivedBy(engine)
  const before = await receivedBy(engine)
  await work()
  return (await receivedBy(engine)) - before - (before - first)
}

describe('what it costs', () => {
  test('an uncontended pair is two requests, a try two more, and no claim stays behind', async () => {
    const store = await open('/costs')
    await takeAndLeave(store, 'n!pair')
    expect(await costs(() => takeAndLeave(store, 'n!pair'))).toBe(2)
    const trying = async (): Promise<void> => {
      const asked = claim('n!pair', { queue: false })
      held(await store.enter(asked))
      await store.leave(asked)
    }
    expect(await costs(trying)).toBe(4)
    const nodes = await stage.nodes(engine, '/costs')
    expect((await nodes.getChildren('/l/n!pair')).names).toEqual([])
  })

  test('ten claims are kept alive by one ping and one reading, and by those of whoever renews beside them', async () => {
    const store = await open()
    const life = { ttlMs: 30_000 }
    const claims = Array.from({ length: 10 }, () => claim(fresh(), life))
    for (const each of claims) held(await store.enter(each))
    const renew = (): Promise<unknown> => store.renew(claims.map((ref) => ({ ref, ...life })))
    expect(await costs(renew)).toBe(2)
    expect(await costs(() => Promise.all([renew(), renew()]))).toBe(4)
  })

  test('a hand-off in a line of sixty is one request of the holder and one of the next', async () => {
    const store = await open()
    const resource = fresh()
    const claims = Array.from({ length: 60 }, () => claim(resource, { ttlMs: 30_000 }))
    for (const each of claims) await store.enter(each)
    const [first, second] = claims
    if (first === undefined || second === undefined) throw new Error('no claims')
    const told = store.watch(second, AbortSignal.timeout(20_000))
    await expect.poll(() => store.enter(second)).toMatchObject({ kind: 'queued', ahead: 0 })
    const handOff = async (): Promise<void> => {
      await store.leave(first)
      expect(await told).toEqual({ kind: 'hint' })
      expect((await store.enter(second)).kind).toBe('held')
    }
    expect(await costs(handOff)).toBe(2)
    await store.leave(second)
  })
})

describe('the session', () => {
  test('has limits that the facts name, and what is longer is refused with the numbers', async () => {
    const store = await open()
    expect(store.facts.ttl).toMatchObject({ minMs: 1_000, maxMs: 60_000, per: 'session' })
    expect(store.facts.reasons.join()).toContain('Sessions last 1000 to 60000 ms')
    const refused = store.enter(claim(fresh(), { ttlMs: 50_000, lockDelayMs: 20_000 }))
    await expect(refused).rejects.toThrow(/need a session of 70000 ms.*at most 60000 ms: raise maxSessionTimeout/)
    await expect(refused).rejects.toMatchObject({ isFinal: true })
    const locks = holdfast(zookeeper(engine.url), { ttl: '2m' })
    stage.keep(locks, (each) => each.close())
    await expect(locks.acquire('long')).rejects.toThrow(/grants a ttl of at most 60000 ms/)
  })

  test('that nobody renews is given up, and what it held is free for the next claim', { timeout: 30_000 }, async () => {
    const [store, other] = [await open(), await open()]
    const asked = claim(fresh(), { ttlMs: 1_500 })
    const { token } = held(await store.enter(asked))
    await expect
      .poll(() => other.enter(claim(asked.resource, { queue: false })), { timeout: 6_000, interval: 100 })
      .toMatchObject({ kind: 'held' })
    expect((await store.renew([{ ref: { ...asked, token }, ttlMs: 1_500 }]))[0]).toMatchObject({ kind: 'gone' })
  })
})

describe('a line', () => {
  test('is handed over by its holder alone: a waiter that gives up lets nobody in', async () => {
    const store = await open()
    const resource = fresh()
    const [first, second, third, fourth] = [claim(resource), claim(resource), claim(resource), claim(resource)]
    for (const each of [first, second, third, fourth]) await store.enter(each)
    await store.leave(first)
    held(await store.enter(second))
    await store.leave(third)
    expect(await store.enter(fourth)).toMatchObject({ kind: 'queued' })
    await store.leave(second)
    held(await store.enter(fourth))
  })

  test('has one node for a claim whose entering was never answered, which is found by the whole id', async () => {
    const proxy = stage.keep(await openProxy(engine), (each) => each.close())
    const store = await stage.opened(zookeeper(`zookeeper://127.0.0.1:${proxy.port}`))
    const other = await open()
    const asked = claim(fresh())
    await takeAndLeave(store, fresh())
    // Another claim begins as this one does.
    const alike = { id: `${asked.id.slice(0, 8)}${'0'.repeat(24)}`, owner: 'other', capacity: 2 }
    await other.enter(claim(asked.resource, alike))
    const own = { ...asked, capacity: 2 }
    proxy.set({ kind: 'lose-replies' })
    await expect(store.enter(own)).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })
    proxy.set({ kind: 'pass' })
    held(await again(() => store.enter(own)))
    expect((await other.look(asked.resource)).claims).toHaveLength(2)
    expect(await store.leave(own)).toBe('left')
    expect((await other.look(asked.resource)).claims).toMatchObject([{ owner: 'other' }])
  })

  test('that goes away between two claims is made again, and the token rises', async () => {
    const store = await open()
    const resource = fresh()
    const first = await takeAndLeave(store, resource)
    await (await stage.nodes(engine)).delete(`/l/${resource}`)
    const second = await again(() => takeAndLeave(store, resource))
    expect(second).toBeGreaterThan(first)
  })

  test('with a node of another program is refused, and the node stays as it is', async () => {
    const store = await open('/foreign')
    const resource = fresh()
    await takeAndLeave(store, resource)
    const nodes = await stage.nodes(engine, '/foreign')
    await nodes.create(`/l/${resource}/theirs`, 'persistent')
    await expect(store.look(resource)).rejects.toThrow(/"theirs" is no claim of Holdfast/)
    await expect(store.look(resource)).rejects.toMatchObject({ isFinal: true })
    await nodes.create(`/l/n!other`, 'container')
    await nodes.create(`/l/n!other/1.1.aaaaaaaa-`, 'persistentSequential', Buffer.from('{"x":1}'))
    await expect(store.look('n!other')).rejects.toThrow(/the data of .* is no claim of Holdfast/)
    expect((await nodes.getChildren(`/l/${resource}`)).names).toEqual(['theirs'])
  })

  test(
    'keeps a minimum hold by the time of the leader, and the next claim tidies up',
    { timeout: 20_000 },
    async () => {
      const [store, other] = [await open(), await open()]
      const asked = claim(fresh())
      held(await store.enter(asked))
      expect(await store.leave(asked, { keepMs: 700 })).toBe('left')
      const next = claim(asked.resource)
      const leftAtMs = performance.now()
      expect(await other.enter(next)).toMatchObject({ kind: 'queued', recheckInMs: expect.any(Number) as number })
      await expect.poll(() => other.enter(next), { timeout: 5_000, interval: 50 }).toMatchObject({ kind: 'held' })
      expect(performance.now() - leftAtMs).toBeGreaterThan(600)
      const nodes = await stage.nodes(engine)
      await expect.poll(async () => (await nodes.getChildren(`/l/${asked.resource}`)).names).toHaveLength(1)
    },
  )
})

describe('a semaphore', () => {
  test('wakes a waiter when its turn has come, and not at every change', async () => {
    const store = await open()
    const resource = fresh()
    const permit = (): ReturnType<typeof claim> => claim(resource, { capacity: 3, ttlMs: 30_000 })
    const holders = [permit(), permit(), permit()]
    for (const each of holders) held(await store.enter(each))
    const [next, last] = [permit(), permit()]
    await store.enter(next)
    await store.enter(last)
    const ended = new AbortController()
    const told: string[] = []
    const watches = [
      store.watch(next, ended.signal).then(() => told.push('next')),
      store.watch(last, ended.signal).then(() => told.push('last')),
    ]
    // Over one session the answer to this comes behind the watches.
    await store.renew([{ ref: next, ttlMs: 30_000 }])
    await store.leave(holders[0] ?? next)
    await expect.poll(() => told).toEqual(['next'])
    held(await store.enter(next))
    expect(told).toEqual(['next'])
    await store.leave(holders[1] ?? next)
    await expect.poll(() => told).toEqual(['next', 'last'])
    held(await store.enter(last))
    ended.abort()
    await Promise.all(watches)
  })
})

describe('permits of several places', () => {
  test('wake no waiter while what is gone is too little for it', async () => {
    const store = await open()
    const resource = fresh()
    const permits = (weight: number): ReturnType<typeof claim> => claim(resource, { weight, capacity: 5 })
    const [large, small, next, last] = [permits(3), permits(1), permits(2), permits(2)]
    for (const each of [large, small, next, last]) await store.enter(each)
    let isTold = false
    const ended = new AbortController()
    const watching = store.watch(last, ended.signal).then(() => (isTold = true))
    await store.leave(small)
    held(await store.enter(next))
    // Over one session the answer to this comes behind what is told of the one that left.
    expect(await store.enter(last)).toMatchObject({ kind: 'queued' })
    expect(isTold).toBe(false)
    await store.leave(large)
    await watching
    held(await store.enter(last))
    ended.abort()
  })
})

describe('evictions', () => {
  test('reach the holder at once with the reason, although it had not been watching when it happened', async () => {
    const [store, other] = [await open(), await open()]
    const [asked, kept] = [claim(fresh()), claim(fresh())]
    const { token } = held(await store.enter(asked))
    held(await store.enter(kept))
    expect(await other.evict(asked.resource, token, 'for repairs')).toBe('evicted')
    const told = await store.watch({ ...asked, token }, AbortSignal.timeout(3_000))
    expect(told).toEqual({ kind: 'gone', reason: 'for repairs' })
    const renewals = [{ ...asked, token }, kept].map((ref) => ({ ref, ttlMs: 10_000 }))
    expect(await store.renew(renewals)).toMatchObject([{ kind: 'gone', reason: 'for repairs' }, { kind: 'held' }])
    // One that is watching is told as well, by a watch that was made before.
    const listening = store.watch(kept, AbortSignal.timeout(20_000))
    const { token: keptToken } = held((await store.renew([{ ref: kept, ttlMs: 10_000 }]))[0] as never)
    expect(await other.evict(kept.resource, keptToken, 'too')).toBe('evicted')
    expect(await listening).toEqual({ kind: 'gone', reason: 'too' })
  })
})

describe('ownership', () => {
  test('lets a multi of the user through while the lease holds, and never after it', async () => {
    const store = zookeeper(`${engine.url}/owned`)
    const locks = holdfast(store, { namespace: 'shop' })
    stage.keep(locks, (each) => each.close())
    const nodes = await stage.nodes(engine, '')
    await nodes.create('/stock', 'persistent')
    const sell = async (path: string): Promise<boolean> => {
      const set = { kind: 'setData', path: '/stock', data: Buffer.from('sold') } as const
      return isWhole(await nodes.multi([{ kind: 'check', path }, set]))
    }
    const lease = await locks.acquire('seat', { ttl: '10s', lockDelay: '10s' })
    const { path } = store.ownership(lease)
    expect(path).toMatch(/^\/owned\/l\/shop!seat\//)
    expect(await sell(path)).toBe(true)
    lease.setNote('sold')
    await expect.poll(async () => (await locks.inspect('seat')).claims[0]?.note, { timeout: 10_000 }).toBe('sold')
    expect(await sell(path)).toBe(true)
    // Evicted, its weight lingers for the lock-delay: something is there, and owns nothing.
    await locks.evict('seat', { token: lease.token, reason: 'a test' })
    expect(await sell(path)).toBe(false)
    expect((await locks.inspect('seat')).claims[0]).toMatchObject({ state: 'lingering', token: lease.token })
    await expect.poll(() => lease.state).toBe('lost')
    expect(() => store.ownership(lease)).toThrow(/a test|lost|over/)
    const other = await locks.acquire('other')
    const before = store.ownership(other)
    await other.release()
    expect(await sell(before.path)).toBe(false)
  })
})
