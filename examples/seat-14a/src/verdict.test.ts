import { describe, expect, test } from 'vitest'
import type { HistoryEvent } from '@holdfast/testbed/history'
import { acts, SEAT_KEY, SHOP } from './acts.ts'
import { verdictOf } from './verdict.ts'

const [first, second, third] = acts as unknown as readonly [(typeof acts)[0], (typeof acts)[0], (typeof acts)[0]]

/** Events one millisecond apart, in the order given. */
function events(...given: readonly Partial<HistoryEvent>[]): HistoryEvent[] {
  return given.map((event, i) => ({
    i,
    t: String(1_000_000 * i),
    p: 'p',
    e: 'sig',
    op: i,
    f: '',
    k: SEAT_KEY,
    ...event,
  }))
}
/** Of a history that goes on. */
const later = (event: HistoryEvent): HistoryEvent => ({ ...event, t: String(BigInt(event.t) + 1_000_000_000n) })
const charged = { f: 'charged' }
const refunded = { f: 'refunded' }
const ticket = (cseq: number, token: string): Partial<HistoryEvent> => ({
  p: SHOP,
  f: 'commit',
  in: { cseq, token, kind: 'write', raises: true },
})
const done = (outcome: string): Partial<HistoryEvent> => ({ f: 'done', c: 'buyer', in: { outcome, message: 'oh no' } })
const pause = { f: 'nemesis', in: { kind: 'pause', target: 'a' } }
const paid = { f: 'paid', p: 'a' }
const resume = { f: 'nemesis', in: { kind: 'resume', target: 'a' } }
const taken = { p: 'b', e: 'ok', f: 'acquire', out: { token: '34' } } as const
const refusal = { e: 'fail', f: 'write', err: { code: 'STALE_TOKEN', message: '' } } as const

describe('an act without a lock', () => {
  test('is oversold by what the shop has written down', () => {
    const verdict = verdictOf(
      first,
      events(charged, charged, ticket(1, '0'), ticket(2, '0'), done('ticket'), done('ticket')),
      2,
    )
    expect(verdict).toMatchObject({
      shown: true,
      tickets: 2,
      charged: 2,
      text: '2 cards charged, 2 tickets for seat 14A: sold 2 times.',
    })
  })

  test('shows nothing when the seat is sold once', () => {
    const verdict = verdictOf(first, events(charged, ticket(1, '0'), done('ticket'), done('sold out')), 2)
    expect(verdict).toMatchObject({ shown: false, text: '1 card charged, 1 ticket for seat 14A: sold once.' })
    expect(verdict.missing).toEqual(['the seat is sold more than once; tickets written: 1'])
  })
})

describe('an act with a lock and a pause', () => {
  const end = [done('ticket'), done('ticket')]

  test('shows a stale write that the shop accepted', () => {
    const history = events(charged, paid, pause, taken, charged, ticket(1, '34'), resume, ticket(2, '33'), ...end)
    expect(verdictOf(second, history, 2)).toMatchObject({ shown: true, staleAccepted: 1, tickets: 2, pausedMs: 5 })
  })

  test('counts the pause from the last check, for the signal that stops the process may come late', () => {
    const history = events(charged, paid, taken, pause, charged, ticket(1, '34'), resume, ticket(2, '33'), ...end)
    expect(verdictOf(second, history, 2)).toMatchObject({ shown: true, pausedMs: 5 })
  })

  test('shows as much when others lost their lease, were refunded and came again', () => {
    const lost = events(charged, refunded, charged, paid, pause, taken, charged, refunded, charged)
    const history = [...lost, ...events(ticket(1, '34'), resume, ticket(2, '33'), ...end).map(later)]
    expect(verdictOf(second, history, 2)).toMatchObject({ shown: true, charged: 4, refunded: 2 })
  })

  test('shows nothing when nobody got the lock during the pause', () => {
    const history = events(charged, paid, pause, charged, ticket(1, '34'), resume, ticket(2, '33'), ...end)
    expect(verdictOf(second, history, 2).missing).toEqual(['another process gets the lock while its holder is stopped'])
  })

  test('shows nothing when the tickets came in the order of their tokens', () => {
    const history = events(charged, paid, pause, taken, charged, ticket(1, '33'), resume, ticket(2, '34'), ...end)
    expect(verdictOf(second, history, 2).shown).toBe(false)
  })
})

describe('an act with a fence', () => {
  const good = [
    charged,
    paid,
    pause,
    taken,
    charged,
    ticket(1, '34'),
    resume,
    refusal,
    refunded,
    done('ticket'),
    done('refunded'),
  ]

  test('shows one ticket, one refusal and one refund', () => {
    expect(verdictOf(third, events(...good), 2)).toMatchObject({ shown: true, refused: 1, refunded: 1, tickets: 1 })
  })

  test.each([
    ['no write was refused', good.filter((event) => event !== refusal)],
    ['the refused buyer was not refunded', good.filter((event) => event !== refunded)],
    ['the stale write was accepted', [...good, ticket(2, '33'), charged]],
    ['a buyer never came to an end', good.slice(0, -1)],
    ['a buyer failed', [...good.slice(0, -1), done('failed')]],
  ])('shows nothing when %s', (_, history) => {
    expect(verdictOf(third, events(...history), 2).shown).toBe(false)
  })
})
