/** A store that is not there when its client is: how long it is waited for, what is said meanwhile, and what no waiting heals. */
import { describe, expect, test } from 'vitest'
import { NotApplied, OutcomeUnknown, StoreUnavailable } from '../store/errors.ts'
import type { FaultPlan } from '../testing/unreliable.ts'
import { type TestClient, type World, world } from './clients.fixture.ts'
import type { HoldfastOptions } from './options.ts'

/** The store answers openings from this moment of the clock on. */
function opensAt(atMs: number, options: HoldfastOptions = {}): World & TestClient {
  const here = world()
  const startsAtMs = here.clock.monotonicMs() + atMs
  const plan: FaultPlan = (_, method) =>
    method === 'open' && here.clock.monotonicMs() < startsAtMs ? { kind: 'unavailable' } : undefined
  return { ...here, ...here.client(options, plan) }
}

const never = Number.POSITIVE_INFINITY

describe('a store that refuses', () => {
  test('is asked again for ten seconds, and then in its own words', async () => {
    const { clock, locks } = opensAt(never)
    const opening = locks.open()
    opening.catch(() => undefined)
    await clock.advance(9_900)
    expect(locks.health().state).toBe('ok')
    await clock.advance(1_200)
    await expect(opening).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringMatching(/the plan says: unavailable.*asked again for 10000 ms \(openWait\)/) as string,
    })
  })

  test('is not waited for any longer than that: the last try is made at the end', async () => {
    const { clock, locks } = opensAt(never, { openWait: '3s' })
    const refused: string[] = []
    locks.open().catch((error: unknown) => refused.push(String(error)))
    await clock.advance(2_999)
    expect(refused).toEqual([])
    await clock.advance(1)
    expect(refused).toHaveLength(1)
  })

  test('is found within a second of its coming up', async () => {
    const { clock, locks } = opensAt(8_000)
    const opening = locks.open()
    await clock.advance(9_100)
    expect((await opening).order).toBe('fifo')
  })

  test('is waited for as long as openWait says, and not at all with 0', async () => {
    const late = opensAt(90_000, { openWait: '2m' })
    const opening = late.locks.open()
    await late.clock.advance(91_100)
    expect((await opening).order).toBe('fifo')
    const impatient = opensAt(1, { openWait: 0 })
    await expect(impatient.locks.open()).rejects.toThrow(/^the plan says: unavailable\. Try again later\.$/)
  })

  test('is waited for by a wait that is longer than openWait, until that ends', async () => {
    const late = opensAt(25_000, { openWait: '1s' })
    const acquiring = late.locks.acquire('seat', { wait: '1m' })
    await late.clock.advance(26_100)
    expect((await acquiring).isHeld()).toBe(true)

    const gone = opensAt(never, { openWait: '1s' })
    const waiting = gone.locks.acquire('seat', { wait: '20s' })
    waiting.catch(() => undefined)
    await gone.clock.advance(20_100)
    await expect(waiting).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      resource: 'seat',
      message: expect.stringMatching(/"seat" could not be asked for within 20000 ms: the plan says/) as string,
    })
  })

  test('is told in the words of its last try, also to a short wait, which never ends before the store was asked', async () => {
    const { clock, locks } = opensAt(never)
    const attempts = [locks.tryAcquire('seat'), locks.acquire('seat', { wait: 25 })]
    for (const attempt of attempts) attempt.catch(() => undefined)
    await clock.advance(11_100)
    for (const attempt of attempts) await expect(attempt).rejects.toThrow('the plan says: unavailable')
  })

  test('is an event with every try, and none when it has opened', async () => {
    const { clock, locks } = opensAt(3_000)
    const told: number[] = []
    locks.on('opening', ({ error, askedMs }) => {
      expect(error).toBeInstanceOf(StoreUnavailable)
      told.push(askedMs)
    })
    const opening = locks.open()
    await clock.advance(4_100)
    await opening
    const tries = told.length
    expect(tries).toBeGreaterThan(3)
    expect(told).toEqual(told.toSorted((one, other) => one - other))
    await (await locks.acquire('seat')).release()
    expect(told).toHaveLength(tries)
  })

  test('a client that is closed meanwhile waits no longer, and nobody waits for a client that was closed', async () => {
    const { clock, locks } = opensAt(never, { openWait: '1h' })
    const waiting = locks.acquire('seat', { wait: '1h' })
    waiting.catch(() => undefined)
    await clock.advance(2_000)
    const closing = locks.close()
    await clock.advance(5_200)
    await closing
    await expect(waiting).rejects.toThrow('this client was closed')
    await expect(locks.acquire('seat', { wait: '1h' })).rejects.toThrow('this client was closed')
  })
})

describe('a store that is only busy', () => {
  test('is asked again for five seconds even where nobody would wait for one that is not there', async () => {
    const { clock, client } = world()
    let busy = true
    const plan: FaultPlan = (_, method) => (method === 'open' && busy ? { kind: 'not-applied' } : undefined)
    const opening = client({ openWait: 0 }, plan).locks.open()
    await clock.advance(3_000)
    busy = false
    await clock.advance(1_100)
    expect((await opening).order).toBe('fifo')
  })
})

const final = { isFinal: true }
const finals = [
  new StoreUnavailable('wrong password', final),
  new OutcomeUnknown('wrong certificate', final),
  new NotApplied('no such command', final),
] as const

/** A client whose store answers with this error whenever one of these calls is made. */
function refusing(here: World, error: Error, plan?: FaultPlan): TestClient & { readonly refused: Set<string> } {
  const refused = new Set<string>()
  const unless = async <T>(method: string, call: () => Promise<T>): Promise<T> => {
    if (refused.has(method)) throw error
    return call()
  }
  const client = here.client({ openWait: '1h' }, plan, (open) => ({
    enter: (claim) => unless('enter', () => open.enter(claim)),
    renew: (renewals) => unless('renew', () => open.renew(renewals)),
    look: (resource) => unless('look', () => open.look(resource)),
  }))
  return { ...client, refused }
}

describe.each(finals)('a word that is final, as $name', (word) => {
  test('ends an opening and a wait for it at once', async () => {
    const { locks, store } = refusing(world(), word)
    store.open = () => Promise.reject(word)
    await expect(locks.open()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', isFinal: true })
    await expect(locks.acquire('seat', { wait: '1h' })).rejects.toThrow(word.message)
    await expect(locks.inspect('seat')).rejects.toThrow(word.message)
  })

  test('ends a wait at once, with the name', async () => {
    const { locks, refused } = refusing(world(), word)
    refused.add('enter')
    const words = `"seat" cannot be asked for: ${word.message}`
    const expected = { code: 'STORE_UNAVAILABLE', message: words, resource: 'seat', isFinal: true }
    await expect(locks.acquire('seat', { wait: '1h' })).rejects.toMatchObject(expected)
    await expect(locks.tryAcquire('seat')).rejects.toMatchObject(expected)
  })

  test('ends the wait of a claim in line only when it lasts, because it may be taken back', async () => {
    const here = world()
    const { clock } = here
    const holder = await here.client().locks.acquire('seat', { ttl: '1h' })
    // A waiter that is told to look again, and again, asks.
    const { locks, refused } = refusing(here, word, (_, method) =>
      method === 'watch' ? { kind: 'early-hint' } : undefined,
    )
    const refuseFor = async (ms: number): Promise<void> => {
      refused.add('enter')
      await clock.advance(ms)
      refused.clear()
      await clock.advance(1_000)
    }
    let ended: unknown
    const waiting = locks.acquire('seat', { wait: '1h', ttl: '1m' })
    waiting.catch((reason: unknown) => (ended = reason))
    await clock.advance(1_000)
    await refuseFor(3_000)
    await refuseFor(3_000)
    expect(ended).toBeUndefined()
    await refuseFor(6_000)
    expect(ended).toMatchObject({ message: `"seat" cannot be asked for: ${word.message}`, isFinal: true })
    await holder.release()
  })

  test('ends a question about a lock at once', async () => {
    const { locks, refused } = refusing(world(), word)
    refused.add('look')
    await expect(locks.inspect('seat')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', isFinal: true })
  })

  test('costs a holder nothing: it is renewed until its deadline, and kept when the word is taken back', async () => {
    const here = world()
    const { locks, refused } = refusing(here, word)
    const lease = await locks.acquire('seat', { ttl: '9s' })
    let failures = 0
    locks.on('jeopardy', () => (failures += 1))
    refused.add('renew')
    await here.clock.advance(8_000)
    expect(lease.state).toBe('jeopardy')
    expect(failures).toBeGreaterThan(1)
    refused.clear()
    await here.clock.advance(1_500)
    expect(lease.state).toBe('held')
    await lease.release()
  })
})
