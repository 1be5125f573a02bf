/** What an election promises, on virtual time: who leads, in which order things end, and what is left when they do. */
import { describe, expect, test } from 'vitest'
import { StoreUnavailable } from '../../store/errors.ts'
import type { FaultPlan } from '../../testing/unreliable.ts'
import { electionWorld, heldWork, LINE, NAME, untilStopped } from './election.fixture.ts'
import { election, type Leader, type Term } from './index.ts'

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
    const lost = expect(leading).rejects.toMatchObject({ code: 'LEASE_LOST', outcome: { returned: 7 } })
    await Promise.all([lost, clock.advance(10)])
  })

  test('rejects when the client is closed, after both signals aborted and the work has returned', async () => {
    const { clock, candidate, line } = electionWorld()
    const one = candidate()
    const slow = heldWork()
    const leading = one.election.lead(slow.work)
    const rejected = expect(leading).rejects.toThrow('this client was closed')
    await clock.advance(10)
    const closing = one.locks.close()
    await clock.advance(10)
    await closing
    const [term] = slow.terms
    expect([term?.stopping.aborted, term?.signal.aborted]).toEqual([true, true])
    expect((await line(LINE)).claims).toEqual([])
    slow.finish()
    await rejected
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
    const leading = one.election.lead(slow.work, { signal: shutdown.signal })
    const rejected = expect(leading).rejects.toThrow('shutting down')
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
    await rejected
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
    const late = one.election.campaign({ wait: '2s' })
    const aborted = two.election.campaign({ signal: giving.signal })
    const ended = Promise.all([
      expect(late).rejects.toMatchObject({ code: 'WAIT_TIMEOUT' }),
      expect(aborted).rejects.toThrow('never mind'),
    ])
    await clock.advance(2_100)
    giving.abort(new Error('never mind'))
    await Promise.all([ended, clock.advance(10)])
    expect((await line(LINE)).claims.map(({ token }) => token)).toEqual([leader.token])
    expect([one.election.health().state, two.election.health().state]).toEqual(['absent', 'absent'])
  })
})

describe('observers', () => {
  test('see each leader and each announcement, and null in between, without a claim', async () => {
    const { clock, candidate, client } = electionWorld()
    const seen: (string | undefined)[] = []
    void (async () => {
      for await (const leader of election(client().locks, NAME).observe()) seen.push(leader?.announcement)
    })()
    await clock.advance(10)
    const one = candidate({ announcement: 'one' })
    const term = await one.election.campaign()
    await clock.advance(10)
    void candidate({ announcement: 'two' })
      .election.lead(untilStopped)
      .catch(() => undefined)
    await clock.advance(10)
    await Promise.all([term.proclaim('one, warm'), clock.advance(200)])
    void term.resign()
    await clock.advance(30_000)
    expect(seen).toEqual([undefined, 'one', 'one, warm', 'two'])
  })

  test('are told who leads, whether it is them, and who stands by in which order', async () => {
    const { clock, candidate } = electionWorld()
    const [one, two, three] = ['one', 'two', 'three'].map((announcement) =>
      candidate({ announcement }, undefined, undefined, { owner: `host-${announcement}` }),
    )
    const works: Leader[] = []
    for (const each of [one, two, three]) {
      void each?.election.lead(untilStopped).catch(() => undefined)
      await clock.advance(10)
      const leader = await each?.election.leader()
      if (leader !== null && leader !== undefined) works.push(leader)
    }
    expect(works.map(({ owner, announcement, isMe }) => ({ owner, announcement, isMe }))).toEqual([
      { owner: 'host-one', announcement: 'one', isMe: true },
      { owner: 'host-one', announcement: 'one', isMe: false },
      { owner: 'host-one', announcement: 'one', isMe: false },
    ])
    expect(await one?.election.candidates()).toEqual([
      { owner: 'host-two', announcement: 'two' },
      { owner: 'host-three', announcement: 'three' },
    ])
  })

  test('see an announcement that was made while the store was away once it is back', async () => {
    const { clock, candidate } = electionWorld()
    let isAway = false
    const one = candidate({ ttl: '1m' }, () => (isAway ? { kind: 'unavailable' } : undefined))
    const term: Term = await one.election.campaign()
    await clock.advance(10)
    isAway = true
    let isShown = false
    void term.proclaim('moved').then(() => (isShown = true))
    await clock.advance(10_000)
    expect(isShown).toBe(false)
    expect(one.election.health().state).toBe('jeopardy')
    isAway = false
    await clock.advance(10_000)
    expect(isShown).toBe(true)
    expect(one.election.health().state).toBe('leading')
  })
})

test('a candidate with a short ttl never shortens the term of one with a long ttl, through fifty silent leaders', async () => {
  const { clock, candidate } = electionWorld()
  const silent = new Set<number>()
  const ttls = [1_000, 30_000]
  const electedAtMs: { readonly index: number; readonly atMs: number }[] = []
  ttls.forEach((ttl, index) => {
    const each = candidate({ ttl }, () => (silent.has(index) ? { kind: 'unavailable' } : undefined))
    each.election.on('elected', () => electedAtMs.push({ index, atMs: clock.monotonicMs() }))
    void each.election.lead(untilStopped).catch(() => undefined)
  })
  await clock.advance(100)
  for (let term = 0; term < 50; term += 1) {
    const leader = electedAtMs.at(-1)!
    const terms = electedAtMs.length
    const ttlMs = ttls[leader.index]!
    // A push with a short first life is confirmed, and then renewed.
    await clock.advance(ttlMs)
    silent.add(leader.index)
    await clock.advance(ttlMs * 0.6)
    expect(electedAtMs).toHaveLength(terms)
    await clock.advance(ttlMs)
    expect(electedAtMs.length).toBeGreaterThan(terms)
    expect(electedAtMs.at(-1)?.index).toBe(1 - leader.index)
    silent.clear()
    await clock.advance(20_000)
  }
})

test('fifty idle candidates cost their store at most fifteen calls a second', async () => {
  const { clock, candidate } = electionWorld()
  let calls = 0
  for (let index = 0; index < 50; index += 1) {
    const each = candidate({ ttl: '10s' }, undefined, (open) => ({
      enter: (claim) => ((calls += 1), open.enter(claim)),
      renew: (renewals) => ((calls += 1), open.renew(renewals)),
      look: (resource) => ((calls += 1), open.look(resource)),
    }))
    void each.election.lead(untilStopped).catch(() => undefined)
  }
  await clock.advance(60_000)
  calls = 0
  await clock.advance(300_000)
  process.stdout.write(`50 candidates: ${(calls / 300).toFixed(1)} calls a second\n`)
  expect(calls / 300).toBeLessThanOrEqual(15)
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
