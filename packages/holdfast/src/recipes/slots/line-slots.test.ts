/** Numbered places on virtual time: none is held twice, all are found, and what a lost or killed holder leaves behind. */
import { describe, expect, test } from 'vitest'
import { StoreUnavailable } from '../../store/errors.ts'
import { world as clients } from '../../client/clients.fixture.ts'
import { machines } from '../tick/machines.fixture.ts'
import { type Slot, slots } from './index.ts'

const lost = { kind: 'lost-request', silence: 'throws' } as const

function world(count: number) {
  const { clock, machine } = machines()
  return {
    clock,
    machine,
    on: (owner: string) => slots(machine(0, () => undefined, { owner }).locks, 'ids', { count }),
  }
}

test('forty processes share sixteen places, and none is held twice', async () => {
  const { clock, on } = world(16)
  const held = new Map<number, string>()
  let grants = 0
  const workers = Array.from({ length: 40 }, async (_, index) => {
    const owner = `worker ${index}`
    const places = on(owner)
    for (let round = 0; round < 3; round += 1) {
      await places.using({ wait: '10m' }, async ({ slot }) => {
        expect(held.get(slot)).toBe(undefined)
        held.set(slot, owner)
        grants += 1
        await new Promise<void>((resolve) => clock.schedule(100, resolve))
        held.delete(slot)
      })
    }
  })
  await clock.advance(120_000)
  await Promise.all(workers)
  expect(grants).toBe(120)
})

describe('a place', () => {
  test('is the preferred one where that is free, and the next free one otherwise', async () => {
    const { on } = world(4)
    const places = on('a')
    const taken = await Promise.all([places.acquire({ prefer: 2 }), on('b').acquire({ prefer: 2 })])
    expect(taken.map(({ slot }) => slot).toSorted((one, other) => one - other)).toEqual([2, 3])
    expect((await places.acquire({ prefer: 3 })).slot).toBe(0)
  })

  test('is found again by a process with the same owner', async () => {
    const { on } = world(1_000)
    const first = await on('host-7').acquire()
    await first.release()
    expect((await on('host-7').acquire()).slot).toBe(first.slot)
  })

  test('is null for a try when all are held, and waited for in the order of arrival', async () => {
    const { clock, on } = world(2)
    const [one, two] = await Promise.all([on('a').acquire(), on('b').acquire()])
    expect(await on('c').tryAcquire()).toBe(null)
    const order: string[] = []
    const waiters = ['c', 'd'].map(async (owner) => {
      const slot = await on(owner).acquire({ wait: '1m' })
      order.push(owner)
      return slot
    })
    await clock.advance(100)
    await one.release()
    await clock.advance(2_000)
    await two.release()
    await clock.advance(2_000)
    const slots = await Promise.all(waiters)
    expect(order).toEqual(['c', 'd'])
    expect(new Set(slots.map(({ slot }) => slot)).size).toBe(2)
  })

  test('is free again a lease after its holder died, and the holder is told first', async () => {
    const { clock, machine, on } = world(1)
    let isDead = false
    const dying = slots(machine(0, () => (isDead ? lost : undefined)).locks, 'ids', { count: 1 })
    const slot = await dying.acquire()
    isDead = true
    let isTold = false
    slot.signal.addEventListener('abort', () => (isTold = true))
    const next = on('b').acquire({ wait: '1m' })
    await clock.advance(15_000)
    const after = await next
    expect(isTold).toBe(true)
    expect(slot.isHeld()).toBe(false)
    expect([after.slot, after.token > slot.token]).toEqual([0, true])
  })

  test('begins its ids behind all that its holder before could have made', async () => {
    const { clock, on } = world(1)
    const first = await on('a').acquire()
    await clock.advance(5_000)
    const endMs = clock.wallMs()
    await first.release()
    const second: Slot = await on('b').acquire()
    expect(second.notBeforeMs('1s')).toBeGreaterThan(endMs + 1_000)
    expect(second.notBeforeMs('1s')).toBeLessThanOrEqual(clock.wallMs() + 1_001)
  })

  test('makes no id that its dead holder made, whose clock was ahead', async () => {
    const { clock, machine, on } = world(1)
    let isDead = false
    const ahead = machine(1_500, () => (isDead ? lost : undefined))
    const first = await slots(ahead.locks, 'ids', { count: 1 }).acquire()
    isDead = true
    const next = on('b').acquire({ wait: '1m' })
    let reachedMs = 0
    for (let step = 0; step < 1_000 && first.isHeld(); step += 1) {
      reachedMs = clock.wallMs() + 1_500
      await clock.advance(10)
    }
    await clock.advance(2_000)
    expect((await next).notBeforeMs(0)).toBeLessThanOrEqual(reachedMs)
    expect((await next).notBeforeMs('1500ms')).toBeGreaterThan(reachedMs)
  })

  test('whose number was lost is kept for the delay of the lock, and without one goes to the next at once', async () => {
    const { clock, machine, on } = world(1)
    const { locks } = machine()
    const evict = ({ token }: Slot) => locks.evict('slots:ids:0', { token, reason: 'a test' })
    const delayed = await on('a').acquire({ lockDelay: '20s' })
    await clock.advance(200)
    await evict(delayed)
    await clock.advance(1_000)
    expect(delayed.isHeld()).toBe(false)
    expect(await on('b').tryAcquire()).toBe(null)
    expect((await locks.inspect('slots:ids')).claims).toHaveLength(1)
    await clock.advance(40_000)
    const second = await on('b').acquire({ wait: 0 })
    await clock.advance(200)
    await evict(second)
    await clock.advance(1_000)
    expect((await on('c').acquire({ wait: 0 })).slot).toBe(0)
  })

  test('is given back where no number can be asked for', async () => {
    const { client, clock, line } = clients()
    const { locks } = client({}, undefined, (open) => ({
      enter: (claim) =>
        claim.resource.includes('ids:') ? Promise.reject(new StoreUnavailable('away')) : open.enter(claim),
    }))
    const refused = slots(locks, 'ids', { count: 2 })
      .acquire()
      .catch((error: unknown) => error)
    await clock.advance(10_000)
    expect(await refused).toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect((await line('slots:ids')).claims).toEqual([])
  })

  test('is waited for as long as `wait` says while the store does not open', async () => {
    const { client, clock } = clients()
    let isAway = true
    const { locks } = client({ openWait: '1s' }, () => (isAway ? lost : undefined))
    const slot = slots(locks, 'ids', { count: 1 }).acquire({ wait: '1m' })
    await clock.advance(20_000)
    isAway = false
    await clock.advance(20_000)
    expect((await slot).slot).toBe(0)
  })

  test('may have a name of any length, and each number a name of its own', async () => {
    const { machine } = world(2)
    const { locks } = machine()
    const places = slots(locks, 'x'.repeat(196), { count: 2 })
    const [one, other] = await Promise.all([places.acquire(), places.acquire()])
    expect([one.slot, other.slot].toSorted((a, b) => a - b)).toEqual([0, 1])
    expect(one.name).not.toBe(other.name)
  })

  test('that is tried in vain leaves nothing behind', async () => {
    const { on, machine } = world(1)
    const { locks } = machine()
    const lease = await locks.acquire('slots:ids:0')
    expect(await on('a').tryAcquire()).toBe(null)
    expect((await locks.inspect('slots:ids')).claims).toEqual([])
    await lease.release()
    expect((await on('a').tryAcquire())?.slot).toBe(0)
  })

  test('is given back with its place in the line', async () => {
    const { on, machine } = world(1)
    await on('a').using(({ slot }) => expect(slot).toBe(0))
    const { locks } = machine()
    expect((await locks.inspect('slots:ids')).claims).toEqual([])
    expect((await locks.inspect('slots:ids:0')).claims).toEqual([])
  })
})

test('what cannot be meant is refused, and another count too', async () => {
  const { machine, on } = world(4)
  const { locks } = machine()
  expect(() => slots(locks, 'ids', { count: 0 })).toThrow(/count/)
  expect(() => slots(locks, 'ids:1', { count: 4 })).toThrow(/must not end in a colon and a number/)
  await expect(on('a').acquire({ prefer: 4 })).rejects.toThrow(/prefer/)
  await expect(on('a').acquire({ reentrant: true } as object)).rejects.toThrow(/no option "reentrant"/)
  await on('a').acquire()
  await expect(slots(locks, 'ids', { count: 5 }).acquire()).rejects.toThrow(/capacity of 4, this call says 5/)
})

test('a number without a lockDelay is told of, once', async () => {
  const { machine } = world(3)
  const { locks, log } = machine()
  const places = slots(locks, 'ids', { count: 3 })
  await places.acquire({ lockDelay: '10s' })
  const told = (): string[] => log.filter((line) => line.includes('without a lockDelay'))
  expect(told()).toEqual([])
  await places.acquire()
  await places.acquire()
  expect(told()).toHaveLength(1)
})
