import { describe, expect, test } from 'vitest'
import { world } from '../client/clients.fixture.ts'
import { LeaseLost, Misuse } from '../store/errors.ts'
import type { FaultPlan } from '../testing/unreliable.ts'

describe('running under a lock', () => {
  test('the work gets the lease, its result is passed on and the lock is free afterwards', async () => {
    const { client, line } = world()
    const { locks } = client()
    const token = await locks.using('seat', (lease) => lease.token)
    expect(token).toBeGreaterThan(0n)
    expect((await line('seat')).claims).toHaveLength(0)
  })

  test('the error of the work is passed on as it is, and the lock is free afterwards', async () => {
    const { client, line } = world()
    const error = new Error('the card was refused')
    await expect(client().locks.using('seat', () => Promise.reject(error))).rejects.toBe(error)
    expect((await line('seat')).claims).toHaveLength(0)
  })

  test('a lease that was lost before the work ended rejects with what the work returned', async () => {
    const { clock, client } = world()
    const { locks, store } = client()
    const working = locks.using('seat', async () => {
      store.freeze()
      await clock.advance(20_000)
      store.thaw()
      return 'receipt 17'
    })
    await expect(working).rejects.toMatchObject({ code: 'LEASE_LOST', outcome: { returned: 'receipt 17' } })
  })

  test('a lease that was lost carries what the work threw, as outcome and as cause', async () => {
    const { clock, client } = world()
    const threw = new Error('the database said no')
    const working = client().locks.using('seat', async () => {
      void clock.stall(20_000)
      throw threw
    })
    await expect(working).rejects.toMatchObject({ code: 'LEASE_LOST', outcome: { threw }, cause: threw })
  })

  test('a loss that only the store knows of is told at the end of the work', async () => {
    const { client } = world()
    const { locks } = client()
    const working = locks.using('seat', async (lease) => {
      await client().locks.evict('seat', { token: lease.token, reason: 'drained' })
      return 1
    })
    await expect(working).rejects.toBeInstanceOf(LeaseLost)
  })

  test('a lost reply to the release is no loss', async () => {
    const { clock, client } = world()
    const plan: FaultPlan = (_, method) => (method === 'leave' ? { kind: 'lost-reply', silence: 'throws' } : undefined)
    const working = client({}, plan).locks.using('seat', () => 'done')
    await clock.advance(20_000)
    expect(await working).toBe('done')
  })

  test('a lease leaves with its scope', async () => {
    const { client, line } = world()
    const { locks } = client()
    {
      await using lease = await locks.acquire('seat')
      expect(lease.isHeld()).toBe(true)
    }
    expect((await line('seat')).claims).toHaveLength(0)
  })

  test('forgetting the work is misuse', async () => {
    const { locks } = world().client()
    await expect(locks.using('seat', undefined as never)).rejects.toBeInstanceOf(Misuse)
  })
})

describe('asking again inside', () => {
  test('the same name inside its own using is refused at once instead of waiting for itself', async () => {
    const { client } = world()
    const { locks } = client()
    await locks.using('seat', async () => {
      await expect(locks.acquire('seat')).rejects.toThrow('wait for itself')
      await expect(locks.using('seat', () => 1)).rejects.toBeInstanceOf(Misuse)
      expect(await locks.tryAcquire('seat')).toBeNull()
    })
  })

  test('a re-entrant lease has the same token, and releasing it releases nothing', async () => {
    const { client } = world()
    const { locks } = client()
    await locks.using('seat', async (outer) => {
      const inner = await locks.acquire('seat', { reentrant: true })
      expect(inner.token).toBe(outer.token)
      expect(inner.sequencer).toBe(outer.sequencer)
      await inner.release()
      expect(outer.isHeld()).toBe(true)
      expect(await locks.using('seat', { reentrant: true }, (lease) => lease.token)).toBe(outer.token)
    })
    expect(await locks.tryAcquire('seat')).not.toBeNull()
  })

  test('a re-entrant request after the outer lease was lost asks the store', async () => {
    const { clock, client } = world()
    const { locks } = client()
    const working = locks.using('seat', async (outer) => {
      clock.suspend(20_000)
      await clock.advance(20_000)
      const inner = await locks.acquire('seat', { reentrant: true })
      expect(inner.token).toBeGreaterThan(outer.token)
      await inner.release()
    })
    await expect(working).rejects.toBeInstanceOf(LeaseLost)
  })

  test('a detached request claims a second place', async () => {
    const { client } = world()
    const { locks } = client()
    await locks.using('seat', async () => {
      expect(await locks.tryAcquire('seat', { detached: true })).toBeNull()
    })
  })

  test('code that was started inside and outlived the using asks like anybody else', async () => {
    const { client } = world()
    const { locks } = client()
    let later: (() => Promise<unknown>) | undefined
    let resolveGate: () => void = () => undefined
    const gate = new Promise<void>((resolve) => (resolveGate = resolve))
    let detachedWork: Promise<unknown> = Promise.resolve()
    await locks.using('seat', () => {
      later = async () => {
        await gate
        return locks.acquire('seat')
      }
      detachedWork = later()
    })
    resolveGate()
    expect(await detachedWork).not.toBeNull()
  })

  test('another client of the same process is a stranger', async () => {
    const { clock, client } = world()
    const one = client()
    const other = client()
    await one.locks.using('seat', async () => {
      expect(await other.locks.tryAcquire('seat')).toBeNull()
      await clock.advance(1)
    })
  })

  test('two acquisitions of one client are strangers to one another', async () => {
    const { client } = world()
    const { locks } = client()
    const first = await locks.acquire('seat')
    expect(await locks.tryAcquire('seat')).toBeNull()
    await first.release()
    const second = await locks.acquire('seat')
    await first.release()
    expect(second.isHeld()).toBe(true)
    expect(await locks.tryAcquire('seat')).toBeNull()
  })
})
