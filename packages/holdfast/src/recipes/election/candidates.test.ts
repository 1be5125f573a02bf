/** What observers see of an election on virtual time, and what many candidates cost. */
import { describe, expect, test } from 'vitest'
import { electionWorld, NAME, untilStopped } from './election.fixture.ts'
import { election, type Leader, type Term } from './index.ts'

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
