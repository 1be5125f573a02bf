import { expect, test } from 'vitest'
import { byTime, type HistoryEvent } from '@holdfast/testbed/history'
import { drawingOf, lineFinder } from './drawing.ts'

const at = (ms: number): string => String(ms * 1e6)

/** w1 holds and is killed at 100 ms, its successor holds from 200 ms on; the store is busy from 150 to 180 ms. */
function history(): HistoryEvent[] {
  const events: HistoryEvent[] = []
  const add = (ms: number, p: string, rest: Pick<HistoryEvent, 'e' | 'op' | 'f'> & Partial<HistoryEvent>): void =>
    void events.push({ i: events.length, t: at(ms), p, k: 'seat', ...rest })
  add(0, 'w1', { e: 'call', op: 0, f: 'acquire', in: {} })
  add(10, 'w1', { e: 'ok', op: 0, f: 'acquire', out: { token: '1', validUntil: at(500) } })
  add(100, 'nemesis', { e: 'sig', op: 0, f: 'nemesis', in: { kind: 'crash', target: 'w1' } })
  add(150, 'nemesis', { e: 'sig', op: 1, f: 'nemesis', in: { kind: 'busy', target: 'store' } })
  add(180, 'nemesis', { e: 'sig', op: 2, f: 'nemesis', in: { kind: 'free', target: 'store' } })
  add(190, 'nemesis', { e: 'sig', op: 3, f: 'nemesis', in: { kind: 'restart', target: 'w1.2' } })
  add(195, 'w1.2', { e: 'call', op: 0, f: 'acquire', in: {} })
  add(200, 'w1.2', { e: 'ok', op: 0, f: 'acquire', out: { token: '2', validUntil: at(700) } })
  add(300, 'w1.2', { e: 'call', op: 1, f: 'release', in: { token: '2' } })
  add(310, 'w1.2', { e: 'ok', op: 1, f: 'release', out: {} })
  return events
}

const laneOf = (name: string) => drawingOf(history(), []).lanes.find((lane) => lane.name === name)

test('a killed process and the one in its place share a lane, and the hold of the dead one ends with it', () => {
  const holds = laneOf('w1')?.spans.filter(({ kind }) => kind === 'hold')
  expect(holds?.map(({ fromMs, toMs, token }) => [fromMs, toMs, token])).toEqual([
    [10, 100, '1'],
    [200, 300, '2'],
  ])
  expect(laneOf('w1')?.pauses).toMatchObject([{ fromMs: 100, toMs: 190, what: 'killed' }])
})

test('faults of the store are in a lane of its own', () => {
  expect(laneOf('store')?.pauses).toMatchObject([{ fromMs: 150, toMs: 180, what: 'locked by somebody else' }])
})

test('each server has a lane, with faults that last as long as they did and those of a moment as marks', () => {
  const note = (ms: number, kind: string): HistoryEvent => {
    const input = { kind, target: 'server 1.2' }
    return { i: 90, t: at(ms), p: 'nemesis', e: 'sig', op: 90 + ms, f: 'nemesis', k: '', in: input }
  }
  const events = byTime([...history(), note(210, 'kill-server'), note(220, 'wipe'), note(240, 'end-kill-server')])
  const lane = drawingOf(events, []).lanes.find(({ name }) => name === 'server 1.2')
  expect(lane).toMatchObject({ kind: 'server', pauses: [{ fromMs: 210, toMs: 240, what: 'kill server' }] })
  expect(lane?.marks.map(({ kind, atMs, label }) => [kind, atMs, label])).toEqual([['fault', 220, 'wipe']])
})

test('a violation is drawn in the lane of the place', () => {
  const violation = { property: 'V', p: 'w1.2', k: 'seat', atNs: 200e6, text: 'two hold' } as const
  const lane = drawingOf(history(), [violation]).lanes.find(({ name }) => name === 'w1')
  expect(lane?.marks.map(({ kind, atMs, label }) => [kind, atMs, label])).toEqual([['violation', 200, 'V: two hold']])
})

test('everything tells the line of the history it stands on', () => {
  const hold = laneOf('w1')?.spans.find(({ kind }) => kind === 'hold')
  // The first line is the header.
  expect(hold?.line).toBe(3)
  expect(laneOf('store')?.pauses[0]?.line).toBe(5)
  const lineOf = lineFinder(history())
  expect([0, 10e6, 10e6 + 1, 310e6, 999e6].map(lineOf)).toEqual([2, 3, 4, 11, 11])
})
