/** Trouble around a lock: long leases, hanging stores, other people's code that throws. Each case broke an early version. */
import { describe, expect, test } from 'vitest'
import type { FaultPlan } from '../testing/unreliable.ts'
import { holdfast } from '../holdfast.ts'
import { memory } from '../stores/memory/index.ts'
import { aroundStore } from '../testing/around-store.ts'
import { world } from './clients.fixture.ts'
import { Misuse, Unsupported, WaitTimeout } from '../store/errors.ts'
import type { Logger } from './options.ts'
import type { Store } from '../store/store.ts'
import type { Facts } from '../store/facts.ts'

const brokenLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => {
    throw new Error('the pipe is closed')
  },
  error: () => {
    throw new Error('the pipe is closed')
  },
}

describe('long leases', () => {
  test('an evicted holder of an hour is told within seconds, not at its next renewal', async () => {
    const { clock, client } = world()
    const lease = await client().locks.acquire('seat', { ttl: '1h' })
    const { signal } = lease
    await client().locks.evict('seat', { token: lease.token, reason: 'drained' })
    await clock.advance(2_000)
    expect(signal.aborted).toBe(true)
    expect(String(signal.reason)).toContain('it was evicted: drained')
  })

  test('a release answers within five seconds, whatever the ttl, and goes on trying', async () => {
    const { clock, client, line } = world()
    const { locks, store } = client()
    const lease = await locks.acquire('seat', { ttl: '1h' })
    store.freeze()
    let outcome: string | undefined
    void lease.release().then((said) => (outcome = said))
    await clock.advance(5_100)
    expect(outcome).toBe('unknown')
    store.thaw()
    await clock.advance(60_000)
    expect((await line('seat')).claims).toHaveLength(0)
  })

  test('a new note arrives at once, not with the renewal of a third of an hour', async () => {
    const { clock, client, line } = world()
    const lease = await client().locks.acquire('seat', { ttl: '1h' })
    lease.setNote('row 2')
    await clock.advance(200)
    expect((await line('seat')).claims[0]?.note).toBe('row 2')
    await lease.release()
  })

  test('one refused renewal of an hour is jeopardy for a second, not for minutes', async () => {
    const { clock, client } = world()
    let refuse = true
    const plan: FaultPlan = (_, method) => {
      if (method !== 'renew' || !refuse) return undefined
      refuse = false
      return { kind: 'unavailable' }
    }
    const { locks } = client({}, plan)
    let jeopardyAtMs = 0
    locks.on('jeopardy', () => (jeopardyAtMs = clock.monotonicMs()))
    const lease = await locks.acquire('seat', { ttl: '1h' })
    while (jeopardyAtMs === 0) await clock.advance(10_000)
    await clock.advance(2_000)
    expect(lease.state).toBe('held')
    await lease.release()
  })

  test('a machine that wakes from a suspension tells the work within seconds that its lease is over', async () => {
    const { clock, client } = world()
    const { locks, store } = client()
    const { signal } = await locks.acquire('seat', { ttl: '10m' })
    // Past the lease's own first look at its clocks, which would notice as well.
    await clock.advance(5_000)
    store.freeze()
    clock.suspend(3_600_000)
    await clock.advance(1_100)
    expect(signal.aborted).toBe(true)
    store.thaw()
  })

  test('a short lease beside it does not put a long one in jeopardy', async () => {
    const { clock, client } = world()
    const slow: FaultPlan = (_, method) => (method === 'renew' ? { kind: 'delayed', replyMs: 60 } : undefined)
    const { locks } = client({}, slow)
    const troubled: string[] = []
    locks.on('jeopardy', ({ name }) => troubled.push(name))
    const long = await locks.acquire('long', { ttl: '3s' })
    await locks.acquire('short', { ttl: 200 })
    await clock.advance(12_000)
    expect(troubled).not.toContain('long')
    expect(long.isHeld()).toBe(true)
  })
})

describe("other people's code", () => {
  test('a logger that throws costs no lease its signal', async () => {
    const { clock, client } = world()
    const { locks, store } = client({ logger: brokenLogger })
    const leases = await Promise.all(['a', 'b', 'c'].map((name) => locks.acquire(name)))
    const signals = leases.map((lease) => lease.signal)
    store.freeze()
    await clock.advance(10_000)
    expect(signals.every((signal) => signal.aborted)).toBe(true)
    store.thaw()
  })

  test('a listener that throws loses nobody a lease, even when the logger throws as well', async () => {
    const { client, line } = world()
    const { locks } = client({ logger: brokenLogger })
    locks.on('acquired', () => {
      throw new Error('listener broke')
    })
    const rejecting: unknown = () => Promise.reject(new Error('async listener broke'))
    locks.on('released', rejecting as () => void)
    await (await locks.acquire('seat')).release()
    expect((await line('seat')).claims).toHaveLength(0)
  })

  test('a store that does not close, or fails to, neither hangs nor fails the closing of its client', async () => {
    const { clock, client } = world()
    for (const close of [() => new Promise<void>(() => undefined), () => Promise.reject(new Error('no'))]) {
      const { locks } = client({}, undefined, () => ({ close }))
      await locks.open()
      const closing = Promise.all([locks.close(), clock.advance(5_200)])
      await closing
    }
  })

  test('a store is given to one client only, because each would close it under the other', () => {
    const store = memory()
    holdfast(store, { namespace: 'a' })
    expect(() => holdfast(store, { namespace: 'b' })).toThrow(Misuse)
  })
})

describe('asking from outside', () => {
  test('a frozen store ends an inspection after five seconds, with the name', async () => {
    const { clock, client } = world()
    const { locks, store } = client()
    await locks.open()
    store.freeze()
    const asking = locks.inspect('seat')
    asking.catch(() => undefined)
    await clock.advance(5_100)
    await expect(asking).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', resource: 'seat' })
    store.thaw()
  })

  test('a busy store is asked again for an eviction, and the caller never meets NOT_APPLIED', async () => {
    const { clock, client } = world()
    let busy = 4
    const plan: FaultPlan = (_, method) => (method === 'evict' && busy-- > 0 ? { kind: 'not-applied' } : undefined)
    const lease = await client().locks.acquire('seat')
    const evicting = client({}, plan).locks.evict('seat', { token: lease.token, reason: 'drained' })
    await clock.advance(100)
    expect(await evicting).toBe('evicted')
    const always = client({}, (_, method) => (method === 'list' ? { kind: 'not-applied' } : undefined)).locks.list()
    always.catch(() => undefined)
    await clock.advance(6_000)
    await expect(always).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  })
})

describe('what a caller is told', () => {
  test('a busy lock is a timeout, also when the first ask went unanswered', async () => {
    const { clock, client } = world()
    const holder = await client().locks.acquire('seat')
    const plan: FaultPlan = (index) => (index === 1 ? { kind: 'lost-request', silence: 'hangs' } : undefined)
    const waiting = client({}, plan).locks.acquire('seat', { wait: '5s' })
    waiting.catch(() => undefined)
    await clock.advance(5_000)
    await expect(waiting).rejects.toBeInstanceOf(WaitTimeout)
    await holder.release()
  })

  test('a lease given back by closing is reported as released', async () => {
    const { locks } = world().client()
    const outcomes: string[] = []
    locks.on('released', ({ outcome }) => outcomes.push(outcome))
    await locks.acquire('seat')
    await locks.close()
    expect(outcomes).toEqual(['released'])
  })

  test('a set that timed out says how long it waited for all of its names', async () => {
    const { clock, client } = world()
    const first = await client().locks.acquire('a')
    const second = await client().locks.acquire('b')
    const waiting = client().locks.acquireAll(['a', 'b'], { wait: '5s' })
    waiting.catch(() => undefined)
    await clock.advance(4_900)
    await first.release()
    await clock.advance(200)
    await expect(waiting).rejects.toMatchObject({ code: 'WAIT_TIMEOUT', resource: 'b', waitedMs: 5_000 })
    await second.release()
  })

  test('the signal of a set follows the clocks at the first touch after a stall', async () => {
    const { clock, client } = world()
    const set = await client().locks.acquireAll(['a', 'b'])
    const timersLate = clock.stall(20_000)
    expect(set.signal.aborted).toBe(true)
    await timersLate
  })

  test.each([
    ['an unknown event', (locks: ReturnType<typeof holdfast>) => locks.on('lose' as never, () => undefined)],
    ['no store', () => holdfast(undefined as never)],
    ['an unknown class', () => holdfast(memory(), { require: 'strong' as never })],
    ['an unknown option of the client', () => holdfast(memory(), { timeout: 5 } as never)],
  ])('%s is misuse', (_, call) => {
    expect(() => call(holdfast(memory()))).toThrow(Misuse)
  })

  test.each([[{ timeout: 5_000 }], [null], ['5s']])('%j as options is misuse', async (options) => {
    const { locks } = world().client()
    await expect(locks.acquire('seat', options as never)).rejects.toBeInstanceOf(Misuse)
    await expect(locks.tryAcquire('seat', options as never)).rejects.toBeInstanceOf(Misuse)
  })
})

describe('what a store cannot do', () => {
  const lacking = (unsupported: Facts['unsupported']): Store =>
    aroundStore(memory(), (open) => ({ facts: { ...open.facts, unsupported } }))

  test('a store without read/write locks refuses both sides of them', async () => {
    const { read, write } = holdfast(lacking({ readWrite: 'votes cannot be shared' })).readWrite('map')
    await expect(read.acquire()).rejects.toBeInstanceOf(Unsupported)
    await expect(write.acquire()).rejects.toThrow('votes cannot be shared')
  })

  test('a store without semaphores, lock-delay or minimum hold refuses them with its reason', async () => {
    const locks = holdfast(lacking({ semaphore: 'no permits', lockDelay: 'no delay', minimumHold: 'no hold' }))
    await expect(locks.semaphore('pool', { permits: 2 }).tryAcquire()).rejects.toThrow('no permits')
    await expect(locks.acquire('seat', { lockDelay: '1s' })).rejects.toThrow('no delay')
    await expect(locks.acquire('seat', { minHold: '1s' })).rejects.toThrow('no hold')
  })
})

describe('sharing a lease', () => {
  test('a lease is not shared with a request for more, or for another kind of lock', async () => {
    const { locks } = world().client()
    const pool = locks.semaphore('pool', { permits: 3 })
    await pool.using({ take: 1 }, async () => {
      await expect(pool.acquire({ take: 3, reentrant: true })).rejects.toThrow('stronger lock')
    })
    await locks.using('seat', async () => {
      await expect(locks.semaphore('seat', { permits: 3 }).acquire({ reentrant: true })).rejects.toBeInstanceOf(Misuse)
    })
  })

  test('a set inside a using of one of its names says what to do, and takes its work without options', async () => {
    const { locks } = world().client()
    await locks.using('a', async () => {
      await expect(locks.usingAll(['a', 'b'], { reentrant: true }, () => 1)).rejects.toThrow('from the start')
    })
    expect(await locks.usingAll(['a', 'b'], (set) => set.leases.length)).toBe(2)
  })
})
