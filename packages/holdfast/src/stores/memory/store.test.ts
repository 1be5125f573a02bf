import { expect, test } from 'vitest'
import { StoreUnavailable } from '../../store/errors.ts'
import type { OpenStore, Store } from '../../store/store.ts'
import { claim, held, takeAndLeave } from '../claims.fixture.ts'
import { never, opened as openedBy } from '../opened.fixture.ts'
import { virtualClock } from '../../testing/virtual-clock.ts'
import { memory, memoryEngine } from './index.ts'

const HOUR_MS = 60 * 60 * 1000
const DAY_MS = 24 * HOUR_MS

function opened(store: Store = memory(), clock = virtualClock()): Promise<OpenStore> {
  return openedBy(store, clock)
}

test('two stores without an engine know nothing of each other, with one engine they share its locks', async () => {
  const alone = [await opened(), await opened()]
  for (const store of alone) held(await store.enter(claim('n!a')))
  const engine = memoryEngine()
  const [one, other] = [await opened(memory(engine)), await opened(memory(engine))]
  held(await one.enter(claim('n!a')))
  expect((await other.enter(claim('n!a'))).kind).toBe('queued')
})

test('a wall clock that is set two days ahead takes no name along by more than an hour', async () => {
  const clock = virtualClock()
  const store = await opened(memory(), clock)
  await takeAndLeave(store, 'n!a')
  clock.stepWall(2 * DAY_MS)
  for (const name of ['n!a', 'n!never used before']) {
    const aheadMs = Number((await takeAndLeave(store, name)) / 1000n) - (clock.wallMs() - 2 * DAY_MS)
    expect(aheadMs).toBeLessThanOrEqual(HOUR_MS)
  }
})

test('an engine outlives its clients: what they held stays held until it expires', async () => {
  const engine = memoryEngine()
  const clock = virtualClock()
  const first = await opened(memory(engine), clock)
  held(await first.enter(claim('n!a')))
  await first.close()
  const second = await opened(memory(engine), clock)
  expect((await second.enter(claim('n!a', { queue: false }))).kind).toBe('refused')
  await clock.advance(10_000)
  expect((await second.enter(claim('n!a', { queue: false }))).kind).toBe('held')
})

test('the clock of the first client judges expiry for all of them', async () => {
  const engine = memoryEngine()
  const clock = virtualClock()
  const first = await opened(memory(engine), clock)
  const second = await opened(memory(engine), virtualClock({ monotonicMs: 99_000_000 }))
  held(await first.enter(claim('n!a')))
  expect((await second.enter(claim('n!a', { queue: false }))).kind).toBe('refused')
})

test('a wall clock that is set forward or back ends no lease and prolongs none', async () => {
  const clock = virtualClock()
  const store = await opened(memory(), clock)
  held(await store.enter(claim('n!a')))
  clock.stepWall(3_600_000)
  expect((await store.enter(claim('n!a', { queue: false }))).kind).toBe('refused')
  clock.stepWall(-7_200_000)
  await clock.advance(10_000)
  expect((await store.enter(claim('n!a', { queue: false }))).kind).toBe('held')
})

test('an opening that was aborted, and a call after close, are refused with the way out', async () => {
  await expect(openedBy(memory(), virtualClock(), AbortSignal.abort())).rejects.toThrow(StoreUnavailable)
  const store = await opened()
  await store.close()
  await store.close()
  await expect(store.renew([])).rejects.toThrow(/was closed/)
  await expect(store.list('', undefined, 1)).rejects.toThrow(StoreUnavailable)
})

test('lines that nobody needs are forgotten, and their tokens are not', async () => {
  const engine = memoryEngine()
  const store = await opened(memory(engine))
  const before = await takeAndLeave(store, 'n!mine')
  for (let index = 0; index < 5_000; index += 1) await takeAndLeave(store, `n!other-${index}`)
  expect(engine.size).toBeLessThan(10)
  expect(await store.look('n!mine')).toMatchObject({ lastToken: 0n, claims: [] })
  // The clock stood still all the time, so only what was remembered can make it rise.
  expect(await takeAndLeave(store, 'n!mine')).toBeGreaterThan(before)
})

test('lines that were abandoned are forgotten too, once their leases are over', async () => {
  const engine = memoryEngine()
  const clock = virtualClock()
  const store = await opened(memory(engine), clock)
  for (let index = 0; index < 1_000; index += 1) held(await store.enter(claim(`n!dead-${index}`)))
  await clock.advance(10_000)
  for (let index = 0; index < 1_000; index += 1) held(await store.enter(claim(`n!living-${index}`)))
  expect(engine.size).toBeLessThan(1_600)
  const { resources } = await store.list('n!dead', undefined, 2_000)
  expect(resources).toEqual([])
})

test('an observer learns that an abandoned line was forgotten', async () => {
  const clock = virtualClock()
  const store = await opened(memory(), clock)
  held(await store.enter(claim('n!dead')))
  const { version } = await store.look('n!dead')
  const told = store.observe('n!dead', version, never)
  await clock.advance(10_000)
  for (let index = 0; index < 4; index += 1) await takeAndLeave(store, `n!other-${index}`)
  expect(await told).not.toBe(version)
})

test('a grant is pushed with its true life, and nobody else in the line is woken', async () => {
  const clock = virtualClock()
  const store = await opened(memory(), clock)
  const holder = claim('n!a')
  const next = claim('n!a')
  const later = claim('n!a')
  const { token } = held(await store.enter(holder))
  await store.enter(next)
  const queued = await store.enter(later)
  if (queued.kind !== 'queued') throw new Error('not queued')
  const woken: string[] = []
  const turn = store.watch({ resource: 'n!a', id: next.id }, never)
  void store.watch({ resource: 'n!a', id: later.id }, never).then(({ kind }) => woken.push(kind))
  await clock.advance(4_000)
  const askedBefore = clock.monotonicMs()
  await store.leave({ resource: 'n!a', id: holder.id, token })
  expect(await turn).toMatchObject({
    kind: 'held',
    token: token + 4_000_000n,
    askedAt: { monotonicMs: askedBefore },
    lifeMs: 3_000,
    provisional: true,
  })
  // It became the head, which is news for it; it does not hold.
  await clock.advance(0)
  expect(woken).toEqual(['queued'])
})

test('a renewal without a new note is no news for observers', async () => {
  const clock = virtualClock()
  const store = await opened(memory(), clock)
  const { id } = claim('n!a')
  const { token } = held(await store.enter(claim('n!a', { id })))
  const { version } = await store.look('n!a')
  let told = 0
  void store.observe('n!a', version, never).then(() => (told += 1))
  const ref = { resource: 'n!a', id, token }
  for (let count = 0; count < 10; count += 1) await store.renew([{ ref, ttlMs: 10_000 }])
  await clock.advance(0)
  expect(told).toBe(0)
  await store.renew([{ ref, ttlMs: 10_000, note: 'news' }])
  await clock.advance(0)
  expect(told).toBe(1)
})

test('taking a lock costs the same beside a hundred thousand others', async () => {
  const store = await opened()
  const pairsMs = async (): Promise<number> => {
    const startedAt = performance.now()
    for (let count = 0; count < 5_000; count += 1) await takeAndLeave(store, 'n!mine')
    return performance.now() - startedAt
  }
  await pairsMs()
  const alone = Math.min(await pairsMs(), await pairsMs(), await pairsMs())
  for (let index = 0; index < 100_000; index += 1) await store.enter(claim(`n!held-${index}`))
  const crowded = Math.min(await pairsMs(), await pairsMs(), await pairsMs())
  // It was 25 times as long when idle lines were deleted at once; the rest is the noise of a shared machine.
  expect(crowded).toBeLessThan(alone * 8)
})

test('tokens follow a wall clock that jumps for an hour at most, and are where they belong when it is right again', async () => {
  const clock = virtualClock()
  const store = await opened(memory(), clock)
  const aheadMs = (token: bigint): number => Number(token / 1000n) - clock.wallMs()
  let last = await takeAndLeave(store, 'n!mine')
  clock.stepWall(2 * DAY_MS)
  for (const resource of ['n!mine', 'n!mine', 'n!another']) {
    last = await takeAndLeave(store, resource)
    expect(aheadMs(last)).toBeLessThan(-DAY_MS)
  }
  clock.stepWall(-2 * DAY_MS)
  const after = await takeAndLeave(store, 'n!mine')
  expect(aheadMs(after)).toBeLessThanOrEqual(HOUR_MS)
  await clock.advance(2 * HOUR_MS)
  expect(aheadMs(await takeAndLeave(store, 'n!mine'))).toBe(0)
})

test('a machine that learns the date after its start has tokens of that date', async () => {
  const clock = virtualClock({ wallMs: 0 })
  const store = await opened(memory(), clock)
  const before = await takeAndLeave(store, 'n!mine')
  clock.stepWall(Date.UTC(2030, 0))
  const after = await takeAndLeave(store, 'n!mine')
  expect(after).toBe(BigInt(Date.UTC(2030, 0)) * 1000n)
  expect(after).toBeGreaterThan(before)
})
