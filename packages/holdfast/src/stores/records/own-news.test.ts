/** What a process does to a line its own claims there hear of without a request, and with a life that surely counts from before. */
import { expect, test } from 'vitest'
import { PROVISIONAL_LIFE_MS } from '../../store/limits.ts'
import type { Hint, Standing } from '../../store/standing.ts'
import type { OpenStore } from '../../store/store.ts'
import { type VirtualClock, virtualClock } from '../../testing/virtual-clock.ts'
import { claim, held } from '../claims.fixture.ts'
import { never, opened } from '../opened.fixture.ts'
import { Remote } from './remote.fixture.ts'
import { WaitingClaims } from './waiting-claims.ts'

const LINE = 'n!lock'

interface Stage {
  readonly service: Remote
  readonly clock: VirtualClock
  readonly store: OpenStore
  readonly other: OpenStore
}

async function polled(): Promise<Stage> {
  const service = new Remote({ expiry: 'observed', wakeUp: 'poll' })
  const clock = virtualClock()
  return { service, clock, store: await opened(service.store(), clock), other: await opened(service.store(), clock) }
}

test('a grant that this process made itself is told to its waiter, and is not looked up', async () => {
  const { service, clock, store } = await polled()
  const [holder, waiter] = [claim(LINE), claim(LINE)]
  const { token } = held(await store.enter(holder))
  expect((await store.enter(waiter)).kind).toBe('queued')
  const news = store.watch(waiter, never)
  const { reads } = service
  const leftAtMs = clock.monotonicMs()
  await clock.advance(100)
  const left = store.leave(holder)
  const granted = held((await news) as never)
  expect(granted).toMatchObject({ token: token + 1n, provisional: true, lifeMs: PROVISIONAL_LIFE_MS })
  expect(granted.askedAt.monotonicMs).toBe(leftAtMs + 100)
  expect(service.reads).toBe(reads)
  expect(await left).toBe('left')
})

test('whoever becomes the next by what its process did is told so, and nobody of a change that was not made', async () => {
  const { store, other } = await polled()
  const [holder, theirs, ours, last] = [claim(LINE), claim(LINE), claim(LINE), claim(LINE)]
  held(await store.enter(holder))
  await other.enter(theirs)
  await store.enter(ours)
  await store.enter(last)
  const told: string[] = []
  const tell = (who: string, news: Standing | Hint): void =>
    void told.push(`${who} ${news.kind === 'queued' ? `has ${news.ahead} ahead` : news.kind}`)
  void store.watch(ours, never).then((news) => tell('ours', news))
  void store.watch(last, never).then((news) => tell('last', news))
  // The store has not seen this, so its next write is lost first.
  await other.leave(theirs)
  expect(told).toEqual([])
  await store.leave(holder)
  await Promise.resolve()
  expect(told).toEqual(['ours held', 'last has 0 ahead'])
  expect((await other.look(LINE)).claims.map(({ state }) => state)).toEqual(['held', 'waiting'])
})

test('a claim of another process is not told, and finds its turn by looking', async () => {
  const { store, other } = await polled()
  const [holder, theirs] = [claim(LINE), claim(LINE)]
  held(await store.enter(holder))
  await other.enter(theirs)
  const told: string[] = []
  void other.watch(theirs, never).then(({ kind }) => told.push(kind))
  await store.leave(holder)
  expect(told).toEqual([])
  held(await other.enter(theirs))
})

test('news from before the last answer is forgotten, and news from after it is not', () => {
  const queued = { kind: 'queued', ahead: 1, lifeMs: 3_000 } as const
  const { id } = claim(LINE)
  const own = {
    line: { lastToken: 5n, claims: [] },
    now: { nowMs: 0, tokenScaleUs: 0n, isObserved: true },
    askedAt: { monotonicMs: 0, wallMs: 0 },
  }
  const waiting = new WaitingClaims()
  waiting.asking(id)
  waiting.heard({ resource: LINE, id, own })
  waiting.answered(id, queued, 5n)
  expect(waiting.takeOwn(id)).toBeUndefined()
  waiting.heard({ resource: LINE, id, own })
  waiting.answered(id, queued, 4n)
  expect(waiting.takeOwn(id)).toBe(own)
  expect(waiting.isUnchanged(id)).toBe(true)
  waiting.heard({ resource: LINE, id, own })
  waiting.heard({ resource: LINE, id })
  expect(waiting.takeOwn(id)).toBeUndefined()
})
