import { describe, expect, test } from 'vitest'
import type { HistoryEvent } from '@holdfast/testbed/history'
import { SEAT_KEY } from './acts.ts'
import { firstPace, latenessMs, paceOf } from './pace.ts'

const at = (ms: number, event: Partial<HistoryEvent>): HistoryEvent => ({
  i: 0,
  t: String(ms * 1_000_000),
  p: 'process A',
  e: 'call',
  op: 1,
  f: 'charge',
  k: SEAT_KEY,
  ...event,
})

describe('the lateness of the machine', () => {
  test('is the most that one charge took beyond what the card company takes', () => {
    const events = [
      at(0, {}),
      at(10, { p: 'process B' }),
      at(20, { op: 2 }),
      at(310, { e: 'ok' }),
      at(500, { op: 2, e: 'ok' }),
      at(330, { p: 'process B', e: 'ok' }),
    ]
    expect(latenessMs(events, 300)).toBe(180)
  })

  test('counts nothing but charges that came to an end', () => {
    expect(latenessMs([at(0, {}), at(0, { f: 'acquire' }), at(9_000, { f: 'acquire', e: 'ok' })], 300)).toBe(0)
  })
})

describe('the pace', () => {
  test('is a short lease on a machine that is in time', () => {
    expect(paceOf(80)).toEqual({ ttlMs: 1_500, chargeMs: 300, lateMs: 80 })
    expect(firstPace).toEqual({ ttlMs: 1_500, chargeMs: 300, lateMs: 0 })
  })

  test('is ten times the lateness of the machine, and a charge is a fifth of the lease', () => {
    expect(paceOf(298)).toEqual({ ttlMs: 3_000, chargeMs: 600, lateMs: 298 })
  })

  test('keeps nobody waiting for more than a quarter of a minute', () => {
    expect(paceOf(60_000).ttlMs).toBe(15_000)
  })
})
