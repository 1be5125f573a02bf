/** For tests: a small history by hand. `a` is stopped past its lease, `b` takes over, the database refuses `a`. */
import type { HistoryEvent } from '@holdfast/testbed/history'

const KEY = 'seat:1'

export function history(): HistoryEvent[] {
  const events: HistoryEvent[] = []
  const add = (ms: number, p: string, rest: Pick<HistoryEvent, 'e' | 'op' | 'f'> & Partial<HistoryEvent>): void =>
    void events.push({ i: events.length, t: ns(ms), p, k: KEY, ...rest })
  add(0, 'a', { e: 'call', op: 0, f: 'acquire', in: {} })
  add(10, 'a', { e: 'ok', op: 0, f: 'acquire', out: { token: '33', validUntil: ns(110) } })
  add(20, 'b', { e: 'call', op: 0, f: 'acquire', in: {} })
  add(60, 'a', { e: 'sig', op: 1, f: 'extended', in: { token: '33', validUntil: ns(160) } })
  add(70, 'nemesis', { e: 'sig', op: 0, f: 'nemesis', in: { kind: 'pause', target: 'a' } })
  add(165, 'b', { e: 'ok', op: 0, f: 'acquire', out: { token: '34', validUntil: ns(265) } })
  add(180, 'db', { e: 'sig', op: 0, f: 'commit', in: { cseq: 1, token: '34', kind: 'write', raises: true } })
  add(190, 'b', { e: 'call', op: 1, f: 'release', in: { token: '34' } })
  add(200, 'nemesis', { e: 'sig', op: 1, f: 'nemesis', in: { kind: 'resume', target: 'a' } })
  add(205, 'a', { e: 'call', op: 2, f: 'write', in: { token: '33' } })
  add(210, 'a', { e: 'fail', op: 2, f: 'write', err: { code: 'STALE_TOKEN', message: '33 is stale, 34 was seen' } })
  add(215, 'a', { e: 'sig', op: 3, f: 'lost-signal', in: { token: '33' } })
  return events
}

/** Monotonic time of a moment of the history, far from zero as it is in life. */
export function ns(ms: number): string {
  return String(9_007_199_254_740_993n + BigInt(ms) * 1_000_000n)
}
