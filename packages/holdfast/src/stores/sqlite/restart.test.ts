/** A machine that was started anew, a container with a boot id of its own, and another machine: what each ends, and what not. */
import { expect, test } from 'vitest'
import { type Clock, systemClock } from '../../time/clock.ts'
import type { OpenStore } from '../../store/store.ts'
import { never } from '../opened.fixture.ts'
import { WAITER_LIFE_MS } from '../../store/limits.ts'
import { claimOf, clockAfterBoot, lockFile, opened, refOf, storeUnder, tokenOf } from './processes.fixture.ts'

const TTL_MS = 60_000
/** Shorter and longer than any machine that this runs on: what it sees of the other's claims is far ahead, or long over. */
const UPTIMES_MS = [60_000, 1e11] as const

/** A clock that stands still but for the test, monotonic and wall alike. */
function passing(clock: Clock): { readonly clock: Clock; pass(ms: number): void } {
  const [monotonicMs, wallMs] = [clock.monotonicMs(), clock.wallMs()]
  let passedMs = 0
  return {
    clock: { ...clock, monotonicMs: () => monotonicMs + passedMs, wallMs: () => wallMs + passedMs },
    pass: (ms) => void (passedMs += ms),
  }
}

async function refusedFor(store: OpenStore, resource = 'test!lock'): Promise<number> {
  const standing = await store.enter(claimOf({ resource, queue: false }))
  expect(standing).toMatchObject({ kind: 'refused', because: 'busy' })
  return standing.kind === 'refused' ? (standing.recheckInMs ?? 0) : 0
}

test('after a restart of the machine a claim from before lasts for its ttl from the first change, and no longer', async () => {
  const path = lockFile()
  const before = await opened(storeUnder(path, 'first'))
  const token = tokenOf(await before.enter(claimOf({ ttlMs: TTL_MS })))
  await before.enter(claimOf({ resource: 'test!other', ttlMs: TTL_MS }))
  await before.close()

  const { clock, pass } = passing(clockAfterBoot())
  const after = await opened(storeUnder(path, 'second'), clock)
  expect(await refusedFor(after)).toBeCloseTo(TTL_MS)
  pass(TTL_MS - 1_000)
  expect(await refusedFor(after)).toBeLessThan(1_001)
  pass(1_001)
  expect(tokenOf(await after.enter(claimOf({ queue: false })))).toBeGreaterThan(token)
  // Nobody had asked for this one: its life ran out as well.
  expect(tokenOf(await after.enter(claimOf({ resource: 'test!other', queue: false })))).toBeGreaterThan(token)
})

test('after a restart names that nobody held are free at once', async () => {
  const path = lockFile()
  const before = await opened(storeUnder(path, 'first'))
  await before.enter(claimOf())
  const claim = claimOf({ resource: 'test!left' })
  const token = tokenOf(await before.enter(claim))
  await before.leave({ ...refOf(claim), token })
  await before.close()
  const after = await opened(storeUnder(path, 'second'), clockAfterBoot())
  expect(tokenOf(await after.enter(claimOf({ resource: 'test!left', queue: false })))).toBeGreaterThan(token)
  await after.enter(claimOf({ resource: 'test!new', queue: false }))
})

test('after a restart the places of those who waited are dropped in their time, and the next in line gets its turn', async () => {
  const path = lockFile()
  const before = await opened(storeUnder(path, 'first'))
  const [holder, waiter] = [claimOf({ ttlMs: 1_000 }), claimOf({ ttlMs: TTL_MS })]
  await before.enter(holder)
  await before.enter(waiter)
  await before.close()
  const { clock, pass } = passing(clockAfterBoot())
  const after = await opened(storeUnder(path, 'second'), clock)
  const newcomer = claimOf({ ttlMs: TTL_MS })
  expect(await after.enter(newcomer)).toMatchObject({ kind: 'queued', ahead: 1 })
  for (let passed = 0; passed < WAITER_LIFE_MS + 5_000; passed += 5_000) {
    pass(5_000)
    await after.renew([{ ref: refOf(newcomer), ttlMs: TTL_MS }])
  }
  expect(await after.enter(newcomer)).toMatchObject({ kind: 'held' })
})

test('a look after a restart shows what may still live, with a whole life, and begins nothing', async () => {
  const path = lockFile()
  const before = await opened(storeUnder(path, 'first'))
  await before.enter(claimOf({ ttlMs: TTL_MS }))
  await before.close()
  const { clock, pass } = passing(clockAfterBoot())
  const after = await opened(storeUnder(path, 'second'), clock)
  for (let round = 0; round < 3; round += 1) {
    expect((await after.look('test!lock')).claims).toMatchObject([{ state: 'held', endsInMs: expect.closeTo(TTL_MS) }])
    expect(await after.list('test!', undefined, 10)).toEqual({ resources: ['test!lock'] })
    pass(TTL_MS)
  }
})

test('a container with a boot id of its own shares the locks, and neither side loses any', async () => {
  const path = lockFile()
  const host = await opened(storeUnder(path, 'the-host'))
  const [ours, theirs] = [claimOf({ ttlMs: TTL_MS }), claimOf({ resource: 'test!theirs', ttlMs: TTL_MS })]
  const token = tokenOf(await host.enter(ours))
  const container = await opened(storeUnder(path, 'a-container'))
  expect(await refusedFor(container)).toBeLessThan(TTL_MS + 1)
  const their = tokenOf(await container.enter(theirs))
  expect(await refusedFor(host, 'test!theirs')).toBeLessThan(TTL_MS + 1)
  expect(await host.renew([{ ref: { ...refOf(ours), token }, ttlMs: TTL_MS }])).toMatchObject([{ kind: 'held', token }])
  expect(await container.renew([{ ref: { ...refOf(theirs), token: their }, ttlMs: TTL_MS }])).toMatchObject([
    { kind: 'held', token: their },
  ])
  expect(await host.leave({ ...refOf(ours), token })).toBe('left')
  expect(tokenOf(await container.enter(claimOf({ queue: false })))).toBeGreaterThan(token)
})

test('a container that joins after the wall clock was set ends nothing either', async () => {
  const path = lockFile()
  let setMs = 0
  const { clock: still } = passing(systemClock)
  const clock: Clock = { ...still, wallMs: () => still.wallMs() + setMs }
  const host = await opened(storeUnder(path, 'the-host'), clock)
  const claim = claimOf({ ttlMs: TTL_MS })
  const token = tokenOf(await host.enter(claim))
  setMs = 3_600_000
  const container = await opened(storeUnder(path, 'a-container'), clock)
  expect(await refusedFor(container)).toBeCloseTo(TTL_MS)
  await container.enter(claimOf({ resource: 'test!another' }))
  expect(await host.renew([{ ref: { ...refOf(claim), token }, ttlMs: TTL_MS }])).toMatchObject([
    { kind: 'held', token },
  ])
  expect(await refusedFor(host, 'test!another')).toBeLessThan(TTL_MS + 1)
  expect(await host.leave({ ...refOf(claim), token })).toBe('left')
})

test('a waiter in a container of its own boot id is told when the host gives the lock back', async () => {
  const path = lockFile()
  const host = await opened(storeUnder(path, 'the-host'))
  const container = await opened(storeUnder(path, 'a-container'))
  const [first, second] = [claimOf(), claimOf()]
  const token = tokenOf(await host.enter(first))
  expect(await container.enter(second)).toMatchObject({ kind: 'queued' })
  const told = container.watch(refOf(second), never)
  await host.leave({ ...refOf(first), token })
  expect(tokenOf(await told)).toBeGreaterThan(token)
})

test.each(UPTIMES_MS)(
  'when another machine, up for %i ms, uses the file at the same time, the old holder is over before the new one begins',
  async (upForMs) => {
    const path = lockFile()
    const here = await opened(storeUnder(path, 'this-machine'))
    const claim = claimOf({ ttlMs: TTL_MS })
    const token = tokenOf(await here.enter(claim))
    const { clock, pass } = passing(clockAfterBoot(0, upForMs))
    const there = await opened(storeUnder(path, 'the-other-machine'), clock)
    // It waits for as long as the holder here may believe in what it was told last.
    expect(await refusedFor(there)).toBeCloseTo(TTL_MS)
    const renewal = { ref: { ...refOf(claim), token }, ttlMs: TTL_MS }
    expect(await here.renew([renewal])).toMatchObject([{ code: 'STORE_UNAVAILABLE' }])
    await expect(here.enter(claimOf({ resource: 'test!new' }))).rejects.toThrow(/no other machine shares/)
    await expect(here.leave(refOf(claim))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    pass(TTL_MS)
    expect(tokenOf(await there.enter(claimOf({ queue: false })))).toBeGreaterThan(token)
  },
)

test.each(UPTIMES_MS)(
  'what a machine wrote without knowing of another one, up for %i ms, is waited for as well',
  async (upForMs) => {
    const path = lockFile()
    const here = await opened(storeUnder(path, 'this-machine'))
    const claim = claimOf({ resource: 'test!free', ttlMs: TTL_MS })
    const before = tokenOf(await here.enter(claim))
    await here.leave({ ...refOf(claim), token: before })
    const there = await opened(storeUnder(path, 'the-other-machine'), clockAfterBoot(0, upForMs))
    await there.enter(claimOf({ resource: 'test!elsewhere' }))
    // The line is as this store left it, so it notices nothing yet.
    const token = tokenOf(await here.enter(claimOf({ resource: 'test!free', ttlMs: TTL_MS })))
    expect(token).toBeGreaterThan(before)
    expect(await refusedFor(there, 'test!free')).toBeCloseTo(TTL_MS)
  },
)
