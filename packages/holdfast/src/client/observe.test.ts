/** What an observer sees of a line, with push and without, through outages, and how it ends. */
import { expect, test } from 'vitest'
import { StoreUnavailable } from '../store/errors.ts'
import type { LineView } from '../store/line-view.ts'
import { type FaultPlan } from '../testing/unreliable.ts'
import { world } from './clients.fixture.ts'

const holders = ({ claims }: LineView): string => claims.map(({ state, note }) => `${state} ${note}`).join()

/** Gathers what is yielded, until the iteration ends. */
function gathered(views: AsyncIterable<LineView>): { readonly seen: string[]; readonly ended: Promise<void> } {
  const seen: string[] = []
  const ended = (async () => {
    for await (const view of views) seen.push(holders(view))
  })()
  return { seen, ended }
}

test('an observer sees the line now, and then every change that lasts', async () => {
  const { clock, client } = world()
  const { locks } = client()
  const { seen } = gathered(client().locks.observe('seat'))
  await clock.advance(10)
  const lease = await locks.acquire('seat', { note: 'one' })
  await clock.advance(10)
  lease.setNote('two')
  await clock.advance(100)
  await lease.release()
  await clock.advance(10)
  expect(seen).toEqual(['', 'held one', 'held two', ''])
})

test('a lease that is only renewed is no change', async () => {
  const { clock, client } = world()
  await client().locks.acquire('seat')
  const { seen } = gathered(client().locks.observe('seat'))
  await clock.advance(180_000)
  expect(seen).toEqual(['held '])
})

test('the end of a holder that fell silent is seen when its lease ends, although nobody changes the line', async () => {
  const { clock, client } = world()
  let isSilent = false
  const plan: FaultPlan = () => (isSilent ? { kind: 'unavailable' } : undefined)
  await client({}, plan).locks.acquire('seat', { note: 'silent' })
  const { seen } = gathered(client().locks.observe('seat'))
  await clock.advance(100)
  isSilent = true
  await clock.advance(9_100)
  expect(seen).toEqual(['held silent', ''])
})

test('where the line may be read and not changed, it is looked at once a second', async () => {
  const { clock, client } = world()
  const refused = new StoreUnavailable('no permission to write', { isFinal: true })
  const { seen } = gathered(
    client({}, undefined, () => ({ observe: () => Promise.reject(refused) })).locks.observe('seat'),
  )
  await clock.advance(10)
  await client().locks.acquire('seat', { ttl: '1m' })
  await clock.advance(1_100)
  expect(seen).toEqual(['', 'held '])
})

test('a line that can never be read ends the iteration with the error that says so', async () => {
  const { clock, client } = world()
  const refused = new StoreUnavailable('something else lies there', { isFinal: true })
  const { ended } = gathered(
    client({}, undefined, () => ({ look: () => Promise.reject(refused) })).locks.observe('seat'),
  )
  await Promise.all([expect(ended).rejects.toThrow(/something else/), clock.advance(10)])
})

test('a store that is away yields nothing, and what changed meanwhile is yielded when it is back', async () => {
  const { clock, client } = world()
  let isAway = false
  const plan: FaultPlan = (_, method) =>
    isAway && (method === 'look' || method === 'observe') ? { kind: 'unavailable' } : undefined
  const { seen } = gathered(client({}, plan).locks.observe('seat'))
  await clock.advance(10)
  isAway = true
  const lease = await client().locks.acquire('seat', { ttl: '1h', note: 'gone by then' })
  await clock.advance(60_000)
  expect(seen).toEqual([''])
  await lease.release()
  await client().locks.acquire('seat', { ttl: '1h', note: 'still there' })
  isAway = false
  await clock.advance(6_000)
  expect(seen).toEqual(['', 'held still there'])
})

test('an observer whose store is too busy to register it goes on', async () => {
  const { clock, client } = world()
  let isBusy = true
  const plan: FaultPlan = (_, method) => (isBusy && method === 'observe' ? { kind: 'not-applied' } : undefined)
  const { seen } = gathered(client({}, plan).locks.observe('seat'))
  await clock.advance(1_000)
  isBusy = false
  await client().locks.acquire('seat', { ttl: '1m', note: 'one' })
  await clock.advance(5_000)
  expect(seen).toEqual(['', 'held one'])
})

test('hints that come again and again for nothing do not make the observer spin', async () => {
  const { clock, client } = world()
  let looks = 0
  const plan: FaultPlan = (_, method) => {
    if (method === 'look') looks += 1
    return method === 'observe' ? { kind: 'early-hint' } : undefined
  }
  gathered(client({}, plan).locks.observe('seat'))
  await clock.advance(60_000)
  expect(looks).toBeLessThan(1_000)
})

test('a store without push is looked at once a second', async () => {
  const { clock, client } = world()
  const { seen } = gathered(
    client({}, undefined, (open) => ({
      facts: { ...open.facts, wakeUp: 'poll' },
      observe: () => Promise.reject(new Error('never called')),
    })).locks.observe('seat'),
  )
  await clock.advance(10)
  await client().locks.acquire('seat', { ttl: '1m' })
  await clock.advance(1_100)
  expect(seen).toEqual(['', 'held '])
})

test('an iteration ends without an error when its signal aborts, when the loop is left, and when the client is closed', async () => {
  const { clock, client } = world()
  const { locks } = client()
  const controller = new AbortController()
  const aborted = gathered(locks.observe('seat', { signal: controller.signal }))
  const closed = gathered(locks.observe('seat'))
  await clock.advance(10)
  controller.abort()
  await aborted.ended
  for await (const view of locks.observe('seat')) {
    expect(view.claims).toEqual([])
    break
  }
  const closing = locks.close()
  await clock.advance(10)
  await closing
  await closed.ended
  expect(closed.seen).toEqual([''])
  expect(clock.timers).toBe(0)
})
