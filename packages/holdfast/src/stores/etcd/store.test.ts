/**
 * etcd beyond the conformance cases: what a pair costs, the life that is granted, waiters without a lease, tokens, ownership.
 * @module-tag real-time
 */
import type { Engine } from '@holdfast/testbed/engines/engine'
import * as server from '@holdfast/testbed/engines/etcd/driver'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { holdfast } from '../../holdfast.ts'
import { Misuse } from '../../store/errors.ts'
import { claim, held, takeAndLeave } from '../claims.fixture.ts'
import { base64, callsOf, gateway, Stage, urlOf } from './etcd.fixture.ts'
import { etcd } from './index.ts'

const stage = new Stage()
let engine: Engine
let names = 0

beforeEach(async (context) => {
  await requireEngine(context, server)
  engine ??= await stage.server()
})
afterAll(() => stage[Symbol.asyncDispose]())

const fresh = (): string => `n!lock${(names += 1)}`
const open = (rest = ''): ReturnType<Stage['opened']> => stage.opened(etcd(urlOf(engine, rest)))

/** What the server answered during this work: only what is not zero. */
async function costs(work: () => Promise<unknown>): Promise<Record<string, number>> {
  const before = await callsOf(engine)
  await work()
  const after = await callsOf(engine)
  const spent = [...after].map(([method, count]) => [method, count - (before.get(method) ?? 0)] as const)
  return Object.fromEntries(spent.filter(([, count]) => count > 0))
}

async function keysUnder(prefix: string): Promise<readonly string[]> {
  const range = { key: base64(prefix), range_end: base64(`${prefix}\u{ff}`), keys_only: true }
  const { kvs = [] } = (await gateway(engine, 'kv/range', range)) as { kvs?: readonly { key: string }[] }
  return kvs.map(({ key }) => Buffer.from(key, 'base64').toString())
}

describe('what it costs', () => {
  test('an uncontended pair is two transactions, and nothing of it stays behind', async () => {
    const store = await open('/costs')
    await takeAndLeave(store, 'n!pair')
    expect(await costs(() => takeAndLeave(store, 'n!pair'))).toEqual({ Txn: 2 })
    expect(await keysUnder('costs/')).toEqual(['costs/base'])
  })

  test('ten claims are kept alive by one message and one question, and by the message of whoever renews beside them', async () => {
    const store = await open()
    const claims = Array.from({ length: 10 }, () => claim(fresh(), { ttlMs: 3_000 }))
    for (const each of claims) held(await store.enter(each))
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    const renew = (): Promise<unknown> => store.renew(claims.map((ref) => ({ ref, ttlMs: 3_000 })))
    expect(await costs(renew)).toEqual({ LeaseKeepAlive: 1, Range: 1 })
    await new Promise((resolve) => setTimeout(resolve, 600))
    expect(await costs(() => Promise.all([renew(), renew()]))).toEqual({ LeaseKeepAlive: 1, Range: 2 })
  })

  test('a hand-off in a line of sixty is one transaction of the holder and one of the next, and no line is read', async () => {
    const [store, other] = [await open(), await open()]
    const resource = fresh()
    const claims = Array.from({ length: 60 }, () => claim(resource, { ttlMs: 60_000 }))
    for (const each of claims) await store.enter(each)
    const [first, second, third] = claims.slice(40)
    for (const each of claims.slice(0, 40)) {
      expect((await store.enter(each)).kind).toBe('held')
      await store.leave(each)
    }
    if (first === undefined || second === undefined || third === undefined) throw new Error('no claims')
    expect((await store.enter(first)).kind).toBe('held')
    const told = store.watch(second, AbortSignal.timeout(20_000))
    await new Promise((resolve) => setTimeout(resolve, 200))
    const handOff = async (): Promise<void> => {
      await store.leave(first)
      expect(await told).toEqual({ kind: 'hint' })
      expect((await store.enter(second)).kind).toBe('held')
    }
    expect(await costs(handOff)).toEqual({ Txn: 2 })
    expect((await other.look(resource)).claims).toHaveLength(19)
  })
})

describe('the life', () => {
  test('is what the server granted: a wish below its election timeout is rounded up, and the facts say so', async () => {
    const store = await open()
    expect(store.facts.ttl).toMatchObject({ minMs: 2_000, per: 'session' })
    expect(store.facts.reasons.join()).toContain('The shortest ttl is 2000 ms')
    expect(held(await store.enter(claim(fresh(), { ttlMs: 100 }))).lifeMs).toBe(2_000)
    const slow = await stage.server({ flags: { 'election-timeout': '4000', 'heartbeat-interval': '400' } })
    const other = await stage.opened(etcd(urlOf(slow)))
    expect(other.facts.ttl.minMs).toBe(6_000)
    expect(held(await other.enter(claim(fresh(), { ttlMs: 1_000 }))).lifeMs).toBe(6_000)
  })

  test('of a waiter that ended is not revived: its turn never comes, although nothing is in front of it', async () => {
    const [store, other] = [await open(), await open()]
    const resource = fresh()
    const [first, second, third] = [claim(resource), claim(resource, { ttlMs: 20_000 }), claim(resource)]
    held(await store.enter(first))
    expect(await other.enter(second)).toMatchObject({ kind: 'queued' })
    await store.enter(third)
    const leases = (await gateway(engine, 'lease/leases', {})) as { leases: readonly { ID: string }[] }
    const lines = (await gateway(engine, 'kv/range', {
      key: base64(`holdfast/l/${resource}/${second.id}`),
    })) as { kvs: readonly { lease: string }[] }
    const ID = lines.kvs[0]?.lease
    expect(leases.leases.map((each) => each.ID)).toContain(ID)
    await gateway(engine, 'lease/revoke', { ID })
    await store.leave(first)
    expect((await other.enter(second)).kind).toBe('gone')
    expect((await other.renew([{ ref: second, ttlMs: 20_000 }]))[0]).toMatchObject({ kind: 'gone' })
    held(await store.enter(third))
  })

  test('of a session that an operator revoked is over for its holders at the next renewal', async () => {
    const store = await open('/revoked')
    const asked = claim(fresh(), { ttlMs: 6_000 })
    held(await store.enter(asked))
    const { kvs } = (await gateway(engine, 'kv/range', {
      key: base64(`revoked/l/${asked.resource}/${asked.id}`),
    })) as { kvs: readonly { lease: string }[] }
    await gateway(engine, 'lease/revoke', { ID: kvs[0]?.lease })
    await expect
      .poll(async () => (await store.renew([{ ref: asked, ttlMs: 6_000 }]))[0], { timeout: 10_000, interval: 200 })
      .toMatchObject({ kind: 'gone' })
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

  test(
    'loses a claim whose holder has stopped believing, although its session is used on',
    { timeout: 30_000 },
    async () => {
      const [store, other] = [await open(), await open()]
      const life = { ttlMs: 2_000, lockDelayMs: 2_000 }
      const [asked, next] = [claim(fresh(), life), claim(fresh(), life)]
      held(await store.enter(asked))
      await new Promise((resolve) => setTimeout(resolve, 2_200))
      held(await store.enter(next))
      const isFree = async (): Promise<boolean> => {
        expect((await store.renew([{ ref: next, ttlMs: 2_000 }]))[0]).toMatchObject({ kind: 'held' })
        return (await other.look(asked.resource)).claims.length === 0
      }
      await expect.poll(isFree, { timeout: 8_000, interval: 300 }).toBe(true)
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
    const told = { next: false, last: false }
    const watches = [
      store.watch(next, ended.signal).then(() => (told.next = true)),
      store.watch(last, ended.signal).then(() => (told.last = true)),
    ]
    await new Promise((resolve) => setTimeout(resolve, 200))
    await store.leave(holders[0] ?? next)
    await expect.poll(() => told.next).toBe(true)
    held(await store.enter(next))
    expect(told.last).toBe(false)
    await store.leave(holders[1] ?? next)
    await expect.poll(() => told.last).toBe(true)
    held(await store.enter(last))
    ended.abort()
    await Promise.all(watches)
  })
})

describe('evictions', () => {
  test('reach the holder at once with the reason, although it had not been watching when it happened', async () => {
    const [store, other] = [await open(), await open()]
    const asked = claim(fresh())
    const { token } = held(await store.enter(asked))
    expect(await other.evict(asked.resource, token, 'for repairs')).toBe('evicted')
    const told = await store.watch({ ...asked, token }, AbortSignal.timeout(20_000))
    expect(told).toEqual({ kind: 'gone', reason: 'for repairs' })
    expect(await store.renew([{ ref: { ...asked, token }, ttlMs: 10_000 }])).toEqual([
      { kind: 'gone', reason: 'for repairs' },
    ])
  })
})

describe('tokens', () => {
  test('rise over an etcd that was made anew, and are moved up by a rebase while programs use it', async () => {
    const own = await stage.server()
    const store = await stage.opened(etcd(urlOf(own)))
    const first = await takeAndLeave(store, 'n!token')
    await own.wipe()
    const next = await stage.opened(etcd(urlOf(own)))
    const second = await takeAndLeave(next, 'n!token')
    expect(second).toBeGreaterThan(first)
    const operator = await stage.opened(etcd(urlOf(own)))
    const { highest } = (await operator.rebase?.(second + 1_000_000n)) ?? { highest: 0n }
    expect(highest).toBeGreaterThanOrEqual(second)
    const asked = claim('n!token')
    // The store that did not know of it is told by etcd, and asks again.
    await expect(next.enter(asked)).rejects.toMatchObject({ code: 'NOT_APPLIED' })
    const { token } = held(await next.enter(asked))
    expect(token).toBeGreaterThan(second + 1_000_000n)
    // Down they go only while no claim stands in a line.
    await expect(operator.rebase?.(first)).rejects.toThrow(/in use/)
    await next.leave({ ...asked, token })
    await operator.rebase?.(first)
    expect((await operator.rebase?.())?.highest).toBeLessThan(second)
  })
})

describe('ownership', () => {
  test('lets a transaction of the user through while the lease holds, and never after it', async () => {
    const store = etcd(urlOf(engine), { prefix: 'owned' })
    const locks = holdfast(store, { namespace: 'shop' })
    stage.ending(() => locks.close())
    const sell = async (compare: object): Promise<boolean> => {
      const put = { request_put: { key: base64('sold'), value: base64('yes') } }
      return (await gateway(engine, 'kv/txn', { compare: [compare], success: [put] }))['succeeded'] === true
    }
    const lease = await locks.acquire('seat', { ttl: '10s', lockDelay: '10s' })
    const { compare } = store.ownership(lease)
    expect(await sell(compare)).toBe(true)
    lease.setNote('sold')
    await expect.poll(async () => (await locks.inspect('seat')).claims[0]?.note, { timeout: 10_000 }).toBe('sold')
    expect(await sell(compare)).toBe(true)
    // Evicted, its claim lingers for the lock-delay: it is there, and owns nothing.
    await locks.evict('seat', { token: lease.token, reason: 'a test' })
    expect(await sell(compare)).toBe(false)
    expect((await locks.inspect('seat')).claims[0]?.state).toBe('lingering')
    await expect.poll(() => lease.state).toBe('lost')
    expect(() => store.ownership(lease)).toThrow(/a test|lost|over/)
    const other = await locks.acquire('other')
    const before = store.ownership(other)
    await other.release()
    expect(await sell(before.compare)).toBe(false)
  })
})

describe('what is asked for wrongly', () => {
  test.each([
    ['redis://s3cret@host', /is no URL for etcd/],
    ['etcd://', /is no URL for etcd/],
    ['etcd://user@host', /names a user without a password/],
    ['etcd://host:0', /no host and port as its host 1/],
    ['etcd://a,b:99999', /no host and port as its host 2/],
    ['etcd://u:s3cret%zz@host', /write %25/],
    ['etcd://host?ca=x', /does not begin with etcds:/],
    ['etcds://host?colour=red', /takes only ca, cert and key/],
  ])('%s is misuse that repeats nothing of it', (url, words) => {
    expect(() => etcd(url)).toThrow(Misuse)
    expect(() => etcd(url)).toThrow(words)
    expect(() => etcd(url)).not.toThrow(/s3cret/)
  })

  test('a prefix that is none, and certificates without encryption, are misuse', () => {
    expect(() => etcd('etcd://host', { prefix: 'a b' })).toThrow(/1 to 200 letters/)
    expect(() => etcd('etcd://host', { tls: { ca: 'x' } })).toThrow(/write etcds:/)
    expect(() => etcd({} as never)).toThrow(Misuse)
  })

  test('a key of another program in a line is named, and stays as it is', async () => {
    const store = await open('/foreign')
    await gateway(engine, 'kv/put', { key: base64('foreign/l/n!line/theirs'), value: base64('{"x":1}') })
    await expect(store.look('n!line')).rejects.toThrow(/"foreign\/l\/n!line\/theirs" is no claim of Holdfast/)
    await expect(store.look('n!line')).rejects.toMatchObject({ isFinal: true })
    expect(await keysUnder('foreign/l/')).toEqual(['foreign/l/n!line/theirs'])
  })
})
