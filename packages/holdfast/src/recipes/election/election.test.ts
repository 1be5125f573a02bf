/** What an election promises, on virtual time: who leads, in which order things end, and what is left when they do. */
import { describe, expect, test } from 'vitest'
import { StoreUnavailable } from '../../store/errors.ts'
import type { FaultPlan } from '../../testing/unreliable.ts'
import { electionWorld, heldWork, LINE, NAME, untilStopped } from './election.fixture.ts'
import { election } from './index.ts'

const TTL_MS = 9_000

describe('lead', () => {
  test('runs the work while it leads, and settles with what the work returned or threw, after a resignation', async () => {
    const { clock, candidate, line } = electionWorld()
    const { election: one, events } = candidate()
    const returned = one.lead((term) => {
      expect(one.isLeader).toBe(true)
      expect(term.isHeld()).toBe(true)
      return 7
    })
    await clock.advance(10)
    expect(await returned).toBe(7)
    const threw = one.lead(() => Promise.reject(new Error('no disk')))
    await Promise.all([expect(threw).rejects.toThrow('no disk'), clock.advance(10)])
    expect(events).toEqual(['elected', 'stopped returned', 'elected', 'stopped threw'])
    expect(one.isLeader).toBe(false)
    expect((await line(LINE)).claims).toEqual([])
  })

  test('hands over in the order of arrival, and tells each process of a pair of events for each term', async () => {
    const { clock, candidate } = electionWorld()
    const [one, two] = [candidate(), candidate()]
    const shutdown = new AbortController()
    const first = one.election.lead(untilStopped, { signal: shutdown.signal })
    first.catch(() => undefined)
    await clock.advance(10)
    void two.election.lead(untilStopped).catch(() => undefined)
    await clock.advance(10)
    expect([one.election.isLeader, two.election.isLeader]).toEqual([true, false])
    shutdown.abort(new Error('shutting down'))
    await Promise.all([expect(first).rejects.toThrow('shutting down'), clock.advance(10)])
    expect([one.election.isLeader, two.election.isLeader]).toEqual([false, true])
    expect(one.events).toEqual(['elected', 'stopped asked'])
    expect(two.events).toEqual(['elected'])
  })

  test('ends a term in order: nobody leads here, the work has returned, it is told, and then the store hears of it', async () => {
    const { clock, candidate } = electionWorld()
    const order: string[] = []
    const one = candidate({}, undefined, (open) => ({
      leave(ref, options) {
        order.push(`left, leader ${one.election.isLeader}`)
        return open.leave(ref, options)
      },
    }))
    one.election.on('stopped', () => order.push(`stopped, leader ${one.election.isLeader}`))
    const leading = one.election.lead(async (term) => {
      void term.resign()
      order.push(`resigned, leader ${one.election.isLeader}, held ${term.isHeld()}, ${term.stopping.aborted}`)
      await Promise.resolve()
      order.push('returned')
      return 'done'
    })
    await clock.advance(10)
    expect(await leading).toBe('done')
    expect(order).toEqual([
      'resigned, leader false, held true, true',
      'returned',
      'stopped, leader false',
      'left, leader false',
    ])
  })

  test('lets a work wait for its own resignation, which does not wait for the work', async () => {
    const { clock, candidate } = electionWorld()
    const { election: one, events } = candidate()
    const leading = one.lead(async (term) => await term.resign())
    await clock.advance(10)
    expect(await leading).toBe('unknown')
    expect(events).toEqual(['elected', 'stopped resigned'])
  })

  test('never frees the lease under work that takes three ttls to return', async () => {
    const { clock, candidate, line } = electionWorld()
    const one = candidate({ stopWithin: '1h' })
    const two = candidate()
    const slow = heldWork()
    const shutdown = new AbortController()
    const leading = one.election.lead(slow.work, { signal: shutdown.signal })
    leading.catch(() => undefined)
    await clock.advance(10)
    void two.election.lead(untilStopped).catch(() => undefined)
    shutdown.abort()
    for (let passedMs = 0; passedMs < 3 * TTL_MS; passedMs += 500) {
      await clock.advance(500)
      expect((await line(LINE)).claims[0]?.token).toBe(slow.terms[0]?.token)
      expect(two.election.isLeader).toBe(false)
    }
    slow.finish()
    await clock.advance(50)
    expect(two.election.isLeader).toBe(true)
  })

  test('stands again by itself after an eviction, an outage of three ttls and a pause', async () => {
    const { clock, candidate, evict } = electionWorld()
    let isAway = false
    const plan: FaultPlan = () => (isAway ? { kind: 'unavailable' } : undefined)
    const one = candidate({}, plan)
    const tokens: bigint[] = []
    void one.election
      .lead(async (term) => {
        tokens.push(term.token)
        await untilStopped(term)
      })
      .catch(() => undefined)
    await clock.advance(200)
    await evict()
    await clock.advance(2_000)
    expect(one.election.isLeader).toBe(true)
    isAway = true
    await clock.advance(3 * TTL_MS)
    expect(one.election.health().state).toBe('standing-by')
    isAway = false
    await clock.advance(5_000)
    expect(one.election.isLeader).toBe(true)
    clock.suspend(10 * TTL_MS)
    expect(one.election.isLeader).toBe(false)
    await clock.advance(TTL_MS)
    expect(one.election.isLeader).toBe(true)
    expect(one.events).toEqual([...Array.from({ length: 3 }, () => ['elected', 'stopped lost']).flat(), 'elected'])
    expect(tokens).toEqual(tokens.toSorted((a, b) => (a < b ? -1 : 1)))
  })

  test('tells of each term twice, its begin and its end, through a hundred losses', async () => {
    const { clock, candidate, evict } = electionWorld()
    const both = [candidate(), candidate()]
    for (const { election: each } of both) void each.lead(untilStopped).catch(() => undefined)
    await clock.advance(200)
    for (let loss = 0; loss < 100; loss += 1) {
      await evict()
      await clock.advance(1_000)
      expect(both.filter(({ election: each }) => each.isLeader)).toHaveLength(1)
    }
    const terms = both.map(({ events }) => events.filter((event) => event === 'elected').length)
    expect(terms[0]! + terms[1]!).toBe(101)
    for (const { events } of both) {
      events.forEach((event, index) => expect(event).toBe(index % 2 === 0 ? 'elected' : 'stopped lost'))
    }
  })

  test('does not begin the work of a term that was lost between the grant and its first line', async () => {
    const { clock, candidate } = electionWorld()
    const one = candidate()
    let [grants, works] = [0, 0]
    one.locks.on('acquired', () => {
      grants += 1
      if (grants === 1) clock.suspend(10 * TTL_MS)
    })
    void one.election
      .lead((term) => {
        works += 1
        return untilStopped(term)
      })
      .catch(() => undefined)
    await clock.advance(10)
    expect({ grants, works }).toEqual({ grants: 2, works: 1 })
    expect(one.events).toEqual(['elected'])
  })

  test('does not begin the work when it is asked to stop while it is told that it leads', async () => {
    const { clock, candidate } = electionWorld()
    const one = candidate()
    const shutdown = new AbortController()
    one.election.on('elected', () => shutdown.abort(new Error('shutting down')))
    let works = 0
    const leading = one.election.lead(() => (works += 1), { signal: shutdown.signal })
    await Promise.all([expect(leading).rejects.toThrow('shutting down'), clock.advance(10)])
    expect(works).toBe(0)
    expect(one.events).toEqual(['elected', 'stopped asked'])
  })

  test('rejects with what the work returned when the store had ended the term before the work did', async () => {
    const { clock, candidate } = electionWorld()
    const one = candidate({}, undefined, () => ({ leave: () => Promise.resolve('gone') }))
    const leading = one.election.lead(() => 7)
    await Promise.all([
      expect(leading).rejects.toMatchObject({ code: 'LEASE_LOST', outcome: { returned: 7 } }),
      clock.advance(10),
    ])
  })

  test('rejects when the client is closed, after both signals aborted and the work has returned', async () => {
    const { clock, candidate, line } = electionWorld()
    const one = candidate()
    const slow = heldWork()
    const ended = one.election.lead(slow.work).catch(String)
    await clock.advance(10)
    const closing = one.locks.close()
    await clock.advance(10)
    await closing
    const [term] = slow.terms
    expect([term?.stopping.aborted, term?.signal.aborted]).toEqual([true, true])
    expect((await line(LINE)).claims).toEqual([])
    slow.finish()
    expect(await ended).toMatch(/this client was closed/)
    await clock.advance(10)
    expect(one.events).toEqual(['elected', 'stopped closed'])
    expect(clock.timers).toBe(0)
  })

  test('rejects with what no waiting can heal, and leaves nothing behind', async () => {
    const { clock, candidate } = electionWorld()
    const refused = new StoreUnavailable('no permission', { isFinal: true })
    const one = candidate({}, undefined, () => ({ enter: () => Promise.reject(refused) }))
    const leading = one.election.lead(untilStopped)
    await Promise.all([expect(leading).rejects.toThrow('no permission'), clock.advance(10_000)])
    expect(one.election.health().state).toBe('absent')
  })
})

describe('bad use', () => {
  test('is told before anything is sent', () => {
    const { candidate, client } = electionWorld()
    const { locks } = client()
    expect(() => election({ ...locks }, NAME)).toThrow(/itself, not a copy/)
    expect(() => election(locks, '')).toThrow(/must not be empty/)
    expect(() => election(locks, NAME, { stopWithin: '2h' })).toThrow(/stopWithin must be between/)
    expect(() => election(locks, NAME, { announcement: 'a'.repeat(5_000) })).toThrow(/announcement must be at most/)
    expect(() => election(locks, NAME, { wait: '1s' } as object)).toThrow(/no option "wait"/)
    expect(() => candidate({ stopBefore: '8s' })).toThrow(/at most half of the ttl/)
  })

  test('as no function and as a second lead is refused', async () => {
    const { clock, candidate } = electionWorld()
    const { election: one } = candidate()
    await expect(one.lead(undefined as unknown as () => void)).rejects.toMatchObject({ code: 'MISUSE' })
    void one.lead(untilStopped).catch(() => undefined)
    await clock.advance(10)
    await expect(one.lead(untilStopped)).rejects.toThrow(/once at a time/)
    await expect(one.campaign()).rejects.toThrow(/once at a time/)
    expect(one.isLeader).toBe(true)
  })

  test('as an election on a best-effort store is warned of once', async () => {
    const { clock, candidate } = electionWorld()
    const warnings: string[] = []
    const logger = { debug() {}, info() {}, error() {}, warn: (text: string) => void warnings.push(text) }
    const facts = { safetyClass: 'best-effort', reasons: ['one server may lose it'] } as const
    const change = (open: { readonly facts: object }): object => ({ facts: { ...open.facts, ...facts } })
    const one = candidate({}, undefined, change, { logger })
    for (let term = 0; term < 3; term += 1) {
      void one.election.lead(() => undefined)
      await clock.advance(100)
    }
    expect(warnings).toEqual([expect.stringContaining('one server may lose it')])
  })
})
