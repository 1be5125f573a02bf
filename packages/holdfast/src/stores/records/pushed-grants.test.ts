/** A grant that comes in a notice is used without a look, and only while it is surely the newest word about its claim. */
import { expect, test } from 'vitest'
import { PROVISIONAL_LIFE_MS } from '../../store/limits.ts'
import type { OpenStore } from '../../store/store.ts'
import type { Claim } from '../../store/claim.ts'
import { type VirtualClock, virtualClock } from '../../testing/virtual-clock.ts'
import { claim, held } from '../claims.fixture.ts'
import { never, opened } from '../opened.fixture.ts'
import type { Notice } from './engine.ts'
import { Remote } from './remote.fixture.ts'

const LINE = 'n!lock'

interface Stage {
  readonly service: Remote
  readonly clock: VirtualClock
  readonly store: OpenStore
  readonly other: OpenStore
  readonly holder: Claim
  readonly waiter: Claim
}

/** The holder came by `store`, the waiter stands behind it in `other`. */
async function handOver(): Promise<Stage> {
  const service = new Remote({ expiry: 'engine', wakeUp: 'push' })
  const clock = virtualClock()
  const [store, other] = [await opened(service.store(), clock), await opened(service.store(), clock)]
  const [holder, waiter] = [claim(LINE), claim(LINE)]
  held(await store.enter(holder))
  expect((await other.enter(waiter)).kind).toBe('queued')
  return { service, clock, store, other, holder, waiter }
}

function grantIn({ service, waiter }: Stage): Notice {
  const notice = service.sent.find(({ id, grant }) => id === waiter.id && grant !== undefined)
  if (notice === undefined) throw new Error('no grant was sent')
  return notice
}

/** Whatever a watch says within a second of the virtual clock. */
async function newsOf({ other, clock, waiter }: Stage): Promise<string> {
  const controller = new AbortController()
  const watching = other.watch(waiter, controller.signal)
  await clock.advance(1)
  controller.abort()
  return (await watching).kind
}

test('the waiter is told its token and its life, and asks nothing', async () => {
  const stage = await handOver()
  const { service, clock, store, other, holder, waiter } = stage
  const news = other.watch(waiter, never)
  await clock.advance(100)
  await store.leave(holder)
  const reads = service.reads
  const pushed = held((await news) as never)
  expect(service.reads).toBe(reads)
  expect(pushed).toMatchObject({ provisional: true, lifeMs: PROVISIONAL_LIFE_MS })
  expect(pushed.askedAt.monotonicMs).toBeLessThanOrEqual(clock.monotonicMs())
  const { claims } = await store.look(LINE)
  expect(claims).toMatchObject([{ token: pushed.token, state: 'held' }])
})

test('a grant that came before the watch began is told at once', async () => {
  const stage = await handOver()
  await stage.store.leave(stage.holder)
  const reads = stage.service.reads
  expect(await newsOf(stage)).toBe('held')
  expect(stage.service.reads).toBe(reads)
})

test('a grant from before the last answer is not believed, however young it is', async () => {
  const stage = await handOver()
  const { service, store, other, holder, waiter } = stage
  await store.leave(holder)
  await other.leave(waiter)
  held(await store.enter(claim(LINE)))
  expect((await other.enter(waiter)).kind).toBe('queued')
  service.tell(grantIn(stage))
  expect(await newsOf(stage)).toBe('hint')
})

test('a grant whose life is over by now is looked up', async () => {
  const stage = await handOver()
  const { clock, store, holder } = stage
  await store.leave(holder)
  await clock.advance(PROVISIONAL_LIFE_MS)
  expect(await newsOf(stage)).toBe('gone')
})

test('a grant is looked up after the connection was lost, until the clock of the server was read again', async () => {
  const stage = await handOver()
  stage.service.tell()
  await stage.store.leave(stage.holder)
  const reads = stage.service.reads
  expect(await newsOf(stage)).toBe('held')
  expect(stage.service.reads).toBe(reads + 1)
})

test('a claim that was evicted is not told that it was granted', async () => {
  const { service, store, other, holder, waiter } = await handOver()
  const { lastToken } = await store.look(LINE)
  await other.evict(LINE, lastToken, 'for a test')
  expect(service.sent.filter(({ id }) => id === holder.id)).toMatchObject([{ channel: expect.any(String) }])
  expect(service.sent.filter(({ grant }) => grant !== undefined).map(({ id }) => id)).toEqual([waiter.id])
})
