/** How a term ends on virtual time: by a pause, by work that does not return, by hand. */
import { describe, expect, test } from 'vitest'
import { electionWorld, heldWork, LINE, untilStopped } from './election.fixture.ts'

const TTL_MS = 9_000

describe('a leader that was paused past its ttl', () => {
  test('is none at the first read, and what it still does changes nothing of its successor', async () => {
    const { clock, candidate, line } = electionWorld()
    let isAway = false
    const one = candidate({}, () => (isAway ? { kind: 'unavailable' } : undefined))
    const slow = heldWork()
    void one.election.lead(slow.work).catch(() => undefined)
    await clock.advance(10)
    const two = candidate({ announcement: 'two' })
    void two.election.lead(untilStopped).catch(() => undefined)
    await clock.advance(10)
    isAway = true
    await clock.advance(TTL_MS + 100)
    expect(two.election.isLeader).toBe(true)
    isAway = false
    const [term] = slow.terms
    expect([one.election.isLeader, term?.stopping.aborted, term?.signal.aborted]).toEqual([false, true, true])
    void term?.resign()
    await expect(term?.proclaim('still here')).rejects.toMatchObject({ code: 'LEASE_LOST' })
    slow.finish()
    await clock.advance(5_000)
    const [holder, waiter] = (await line(LINE)).claims
    expect(holder).toMatchObject({ state: 'held', note: 'two' })
    expect(waiter).toMatchObject({ state: 'waiting' })
    expect(two.election.isLeader).toBe(true)
  })
})

describe('work that does not return', () => {
  test('is reported, keeps its lease until that runs out unrenewed, and keeps this process from leading', async () => {
    const { clock, candidate } = electionWorld()
    const [one, two] = [candidate({ stopWithin: '5s' }), candidate()]
    const slow = heldWork()
    const shutdown = new AbortController()
    const ended = one.election.lead(slow.work, { signal: shutdown.signal }).catch(String)
    await clock.advance(10)
    void two.election.lead(untilStopped).catch(() => undefined)
    await clock.advance(60_000)
    shutdown.abort(new Error('shutting down'))
    shutdown.abort(new Error('again'))
    await clock.advance(4_900)
    expect(one.election.health()).toMatchObject({ state: 'leading', live: true })
    expect(two.election.health()).toMatchObject({ state: 'standing-by', live: true })
    await clock.advance(200)
    expect(one.election.health()).toMatchObject({ state: 'stuck', forMs: 100, live: false })
    expect(two.election.isLeader).toBe(false)
    await clock.advance(TTL_MS)
    expect(two.election.isLeader).toBe(true)
    expect(one.election.health()).toMatchObject({ state: 'stuck', live: false })
    slow.finish()
    await clock.advance(10)
    expect(await ended).toMatch(/shutting down/)
    expect(one.events).toEqual(['elected', 'stuck', 'stopped lost'])
    expect(one.election.health()).toMatchObject({ state: 'absent', live: true })
  })

  test('is no new term before it is over, also when the lead was lost and is free again', async () => {
    const { clock, candidate, evict } = electionWorld()
    const one = candidate({ stopWithin: '1s' })
    const slow = heldWork()
    void one.election.lead(slow.work).catch(() => undefined)
    await clock.advance(200)
    await evict()
    await clock.advance(60_000)
    expect(one.election.health()).toMatchObject({ state: 'stuck', live: false })
    expect(slow.terms).toHaveLength(1)
    slow.finish()
    await clock.advance(100)
    expect(slow.terms).toHaveLength(2)
  })
})

describe('a resignation', () => {
  test.each(['lost-request', 'lost-reply'] as const)(
    'whose message is lost (%s) is repeated until it is known',
    async (kind) => {
      const { clock, candidate } = electionWorld()
      let leavings = 0
      const one = candidate({}, (_, method) => {
        if (method !== 'leave') return undefined
        leavings += 1
        return leavings <= 2 ? { kind, silence: 'throws' } : undefined
      })
      const two = candidate()
      const term = await one.election.campaign()
      await clock.advance(10)
      void two.election.lead(untilStopped).catch(() => undefined)
      await clock.advance(10)
      const [first, second] = [term.resign(), term.resign()]
      expect(one.election.isLeader).toBe(false)
      await clock.advance(1_000)
      expect(await first).toBe(kind === 'lost-request' ? 'released' : 'unknown')
      expect(await second).toBe(await first)
      expect(two.election.isLeader).toBe(true)
      expect(one.events).toEqual(['elected', 'stopped resigned'])
    },
  )
})

describe('a campaign', () => {
  test('gives one term by hand, whose loss is told and after which it may stand again', async () => {
    const { clock, candidate, evict } = electionWorld()
    const one = candidate()
    const term = await one.election.campaign()
    expect(one.election.isLeader).toBe(true)
    await expect(one.election.lead(untilStopped)).rejects.toMatchObject({ code: 'MISUSE' })
    await clock.advance(200)
    await evict()
    await clock.advance(10)
    expect([term.stopping.aborted, term.signal.aborted]).toEqual([true, true])
    expect(one.events).toEqual(['elected', 'stopped lost'])
    await clock.advance(10)
    const again = await one.election.campaign()
    expect(again.token).toBeGreaterThan(term.token)
    expect(await again.release()).toBe('released')
  })

  test('that ends by its wait, its signal or an error leaves no claim behind', async () => {
    const { clock, candidate, line } = electionWorld()
    const leader = await candidate().election.campaign()
    const giving = new AbortController()
    const [one, two] = [candidate(), candidate()]
    const ended = [one.election.campaign({ wait: '2s' }), two.election.campaign({ signal: giving.signal })].map(
      (term) => term.catch(String),
    )
    await clock.advance(2_100)
    giving.abort(new Error('never mind'))
    await clock.advance(10)
    expect(await Promise.all(ended)).toEqual([expect.stringMatching(/^WaitTimeout/), 'Error: never mind'])
    expect((await line(LINE)).claims.map(({ token }) => token)).toEqual([leader.token])
    expect([one.election.health().state, two.election.health().state]).toEqual(['absent', 'absent'])
  })
})
