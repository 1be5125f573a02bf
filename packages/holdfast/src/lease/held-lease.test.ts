import { describe, expect, test } from 'vitest'
import { settle } from '../testing/virtual-clock.ts'
import { world } from '../client/clients.fixture.ts'
import { LeaseLost } from '../store/errors.ts'
import { marginMs } from '../time/deadline.ts'
import type { FaultPlan } from '../testing/unreliable.ts'

const TTL_MS = 9_000

describe('the end of a lease', () => {
  test('the signal aborts before the store lets the lock go, although the store is frozen and a renewal hangs', async () => {
    const { clock, client } = world()
    const { locks, store } = client()
    const lease = await locks.acquire('seat')
    const startedMs = clock.monotonicMs()
    let abortedMs: number | undefined
    lease.signal.addEventListener('abort', () => (abortedMs = clock.monotonicMs() - startedMs))
    store.freeze()
    await clock.advance(TTL_MS)
    expect(abortedMs).toBeLessThanOrEqual(TTL_MS - marginMs(TTL_MS))
    expect(abortedMs).toBeGreaterThan(TTL_MS - marginMs(TTL_MS) - 10)
    expect(lease.state).toBe('lost')
    expect(lease.signal.reason).toBeInstanceOf(LeaseLost)
    store.thaw()
  })

  test('after a stall of the event loop the first touch says lost, before any timer ran', async () => {
    const { clock, client } = world()
    const lease = await client().locks.acquire('seat')
    const { signal } = lease
    const timersLate = clock.stall(TTL_MS)
    expect(lease.isHeld()).toBe(false)
    expect(signal.aborted).toBe(true)
    expect(() => lease.assertHeld()).toThrow(LeaseLost)
    await timersLate
  })

  test('a machine that was suspended lost its lease, though its monotonic clock stood still', async () => {
    const { clock, client } = world()
    const lease = await client().locks.acquire('seat')
    clock.suspend(TTL_MS)
    expect(lease.state).toBe('lost')
    expect(lease.remainingMs).toBe(0)
  })

  test('a wall clock that is set back changes nothing', async () => {
    const { clock, client } = world()
    const lease = await client().locks.acquire('seat')
    clock.stepWall(-3_600_000)
    await clock.advance(60_000)
    expect(lease.state).toBe('held')
    await lease.release()
  })

  test('stopBefore aborts the signal earlier, and the lease is still held then', async () => {
    const { clock, client } = world()
    const { locks, store } = client()
    const lease = await locks.acquire('seat', { stopBefore: '2s' })
    const { signal } = lease
    store.freeze()
    await clock.advance(TTL_MS - 2_000 - marginMs(TTL_MS) - 10)
    expect(signal.aborted).toBe(false)
    await clock.advance(20)
    expect(signal.aborted).toBe(true)
    expect(lease.isHeld()).toBe(true)
    store.thaw()
  })

  test('a lost lease never comes back, whatever a late renewal says', async () => {
    const { clock, client } = world()
    const late: FaultPlan = (_, method) => (method === 'renew' ? { kind: 'delayed', replyMs: 20_000 } : undefined)
    const lease = await client({}, late).locks.acquire('seat')
    await clock.advance(TTL_MS)
    expect(lease.state).toBe('lost')
    await clock.advance(60_000)
    expect(lease.state).toBe('lost')
    expect(await lease.release()).toBe('expired')
  })

  test('a renewal that answers late, but before the deadline, keeps the lease from its own stamp', async () => {
    const { clock, client } = world()
    const slow: FaultPlan = (_, method) => (method === 'renew' ? { kind: 'delayed', replyMs: 4_000 } : undefined)
    const lease = await client({}, slow).locks.acquire('seat')
    for (let second = 0; second < 60; second += 1) {
      await clock.advance(1_000)
      expect(lease.isHeld()).toBe(true)
      expect(lease.remainingMs).toBeLessThanOrEqual(TTL_MS - marginMs(TTL_MS))
    }
    await lease.release()
  })

  test('an evicted holder is told at once, with the reason', async () => {
    const { clock, client } = world()
    const lease = await client().locks.acquire('seat')
    const { signal } = lease
    await clock.advance(4_000)
    await client().locks.evict('seat', { token: lease.token, reason: 'node is being drained' })
    await clock.advance(1)
    expect(signal.aborted).toBe(true)
    expect(String(signal.reason)).toContain('node is being drained')
  })
})

describe('keeping a lease', () => {
  test('the token never changes, over a hundred renewals', async () => {
    const { clock, client } = world()
    const { locks } = client()
    let renewals = 0
    locks.on('renewed', () => (renewals += 1))
    const lease = await locks.acquire('seat')
    const { token } = lease
    await clock.advance(100 * 3_300)
    expect(renewals).toBeGreaterThanOrEqual(100)
    expect(lease.token).toBe(token)
    await lease.release()
  })

  test('two failed renewals are jeopardy and no loss; the next good one ends it', async () => {
    const { clock, client } = world()
    let failures = 2
    const plan: FaultPlan = (_, method) => (method === 'renew' && failures-- > 0 ? { kind: 'unavailable' } : undefined)
    const { locks } = client({}, plan)
    const jeopardies: number[] = []
    locks.on('jeopardy', ({ remainingMs }) => jeopardies.push(remainingMs))
    const lease = await locks.acquire('seat')
    await clock.advance(3_400)
    expect(lease.state).toBe('jeopardy')
    expect(lease.signal.aborted).toBe(false)
    expect(locks.health()).toMatchObject({ state: 'jeopardy', inJeopardy: 1 })
    await clock.advance(2_000)
    expect(lease.state).toBe('held')
    expect(jeopardies).toHaveLength(2)
    await lease.release()
  })

  test('a busy store is asked for a renewal again at once, and no lease is in jeopardy for it', async () => {
    const { clock, client } = world()
    let busy = 0
    const plan: FaultPlan = (_, method) => (method === 'renew' && busy-- > 0 ? { kind: 'not-applied' } : undefined)
    const { locks } = client({}, plan)
    const told: string[] = []
    locks.on('jeopardy', () => void told.push('jeopardy'))
    locks.on('renewed', () => void told.push('renewed'))
    const lease = await locks.acquire('seat', { ttl: '300ms' })
    for (let round = 0; round < 5; round += 1) {
      busy = 4
      await clock.advance(120)
    }
    expect(lease.state).toBe('held')
    expect(told).not.toContain('jeopardy')
    expect(told.length).toBeGreaterThanOrEqual(4)
  })

  test('a store that stays busy for as long as a renewal may take puts the lease into jeopardy', async () => {
    const { clock, client } = world()
    const plan: FaultPlan = (_, method) => (method === 'renew' ? { kind: 'not-applied' } : undefined)
    const { locks } = client({}, plan)
    const lease = await locks.acquire('seat', { ttl: '3s' })
    await clock.advance(1_800)
    expect(lease.state).toBe('jeopardy')
  })

  test('a short hold costs two calls and no more: no watch, no renewal', async () => {
    const { clock, client } = world()
    const { locks, store } = client()
    await locks.open()
    const before = store.calls
    const lease = await locks.acquire('seat')
    await clock.advance(90)
    await lease.release()
    expect(store.calls - before).toBe(2)
  })

  test('leases granted together are renewed together, in few calls', async () => {
    const { clock, client } = world()
    const { locks, store } = client()
    const leases = await Promise.all(Array.from({ length: 2_000 }, (_, n) => locks.acquire(`seat:${n}`)))
    await clock.advance(4_000)
    const before = store.calls
    await clock.advance(9_000)
    // Three rounds of two thousand renewals; each lease watches for its eviction once more after each.
    const renewCalls = store.calls - before
    expect(renewCalls).toBeLessThan(60)
    expect(leases.every((lease) => lease.isHeld())).toBe(true)
    await locks.close()
  })

  test('hints that repeat for ever do not make a holder renew without pause', async () => {
    const { clock, client } = world()
    const calls = { renew: 0 }
    const plan: FaultPlan = (_, method) => {
      if (method === 'renew') calls.renew += 1
      return method === 'watch' ? { kind: 'early-hint' } : undefined
    }
    const lease = await client({}, plan).locks.acquire('seat')
    await clock.advance(9_000)
    expect(lease.isHeld()).toBe(true)
    expect(calls.renew).toBeLessThan(20)
    await lease.release()
  })

  test('a new note arrives with the next renewal, also when the first try is lost', async () => {
    const { clock, client, line } = world()
    let lose = true
    const plan: FaultPlan = (_, method) => {
      if (method !== 'renew' || !lose) return undefined
      lose = false
      return { kind: 'lost-request', silence: 'hangs' }
    }
    const lease = await client({}, plan).locks.acquire('seat', { note: 'row 1' })
    lease.setNote('row 2')
    expect((await line('seat')).claims[0]?.note).toBe('row 1')
    await clock.advance(6_000)
    expect((await line('seat')).claims[0]?.note).toBe('row 2')
    await lease.release()
  })

  test('a late renewal with an old note does not put it back for good', async () => {
    const { clock, client, line } = world()
    let slow = true
    const plan: FaultPlan = (_, method) => {
      if (method !== 'renew' || !slow) return undefined
      slow = false
      return { kind: 'delayed', requestMs: 2_500 }
    }
    const lease = await client({}, plan).locks.acquire('seat')
    lease.setNote('old')
    await clock.advance(2_000)
    lease.setNote('new')
    await clock.advance(12_000)
    expect((await line('seat')).claims[0]?.note).toBe('new')
    await lease.release()
  })

  test('a process with nothing held has no timer left', async () => {
    const { clock, client } = world()
    const { locks } = client()
    const lease = await locks.acquire('seat')
    expect(clock.timers).toBeGreaterThan(0)
    await lease.release()
    await settle()
    expect(clock.timers).toBe(0)
  })
})

describe('giving a lease back', () => {
  test('release says what happened and can be repeated', async () => {
    const { client } = world()
    const lease = await client().locks.acquire('seat')
    expect(await lease.release()).toBe('released')
    expect(await lease.release()).toBe('released')
    expect(lease.state).toBe('released')
    expect(lease.signal.aborted).toBe(false)
  })

  test('a lost reply to a release is unknown, and the retry does not free the next holder', async () => {
    const { clock, client, line } = world()
    let lose = true
    const plan: FaultPlan = (_, method) => {
      if (method !== 'leave' || !lose) return undefined
      lose = false
      return { kind: 'lost-reply', silence: 'throws' }
    }
    const first = await client({}, plan).locks.acquire('seat')
    const next = client().locks.acquire('seat')
    const outcome = first.release()
    const second = await next
    await clock.advance(1_000)
    expect(await outcome).toBe('unknown')
    expect((await line('seat')).claims.map((claim) => claim.token)).toEqual([second.token])
    await second.release()
  })

  test('release never throws when the store is gone, and is bounded by the ttl', async () => {
    const { clock, client } = world()
    const plan: FaultPlan = (_, method) => (method === 'leave' ? { kind: 'unavailable' } : undefined)
    const lease = await client({}, plan).locks.acquire('seat')
    const outcome = lease.release()
    await clock.advance(TTL_MS * 2)
    expect(await outcome).toBe('unknown')
    expect(clock.timers).toBe(0)
  })

  test('a release inside the minimum hold keeps others out for the rest of it, one after it does not', async () => {
    const { clock, client } = world()
    const { locks } = client()
    await (await locks.acquire('job', { minHold: '5s' })).release()
    expect(await client().locks.tryAcquire('job')).toBeNull()
    await clock.advance(5_001)
    const lease = await locks.acquire('job', { minHold: '5s' })
    await clock.advance(6_000)
    await lease.release()
    expect(await client().locks.tryAcquire('job')).not.toBeNull()
  })
})
