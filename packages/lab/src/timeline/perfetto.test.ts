import { expect, test } from 'vitest'
import { modelOf } from './model-of.ts'
import { toPerfetto, type TraceEvent } from './perfetto.ts'
import { history, ns } from './timeline.fixture.ts'

const trace = () => toPerfetto(modelOf(history(), [{ t: ns(180), lane: 'db', text: 'sold again' }]), { command: 'x' })

function named(events: readonly TraceEvent[], what: string): readonly (readonly [string, unknown])[] {
  return events.filter(({ name }) => name === what).map(({ pid, tid, args }) => [`${pid}/${tid}`, args['name']])
}

const slices = (events: readonly TraceEvent[], cat: string) =>
  events
    .filter((event) => event.cat === cat)
    .map(({ pid, name, ts, dur, args }) => ({ pid, name, ts, dur, token: args['token'] }))

test('each lane is a process with a track for what it holds, does, waits for and suffers', () => {
  const { traceEvents, otherData } = trace()
  expect(otherData).toEqual({ command: 'x' })
  expect(named(traceEvents, 'process_name').map(([, name]) => name)).toEqual(['a', 'b', 'db'])
  expect(named(traceEvents, 'thread_name')).toEqual([
    ['1/1', 'faults'],
    ['1/1001', 'holds'],
    ['1/2001', 'works'],
    ['1/3001', 'waits'],
    ['2/1001', 'holds'],
    ['2/3001', 'waits'],
  ])
})

test('a hold, what is left of it unnoticed, a wait and a fault last as long as in the history', () => {
  const { traceEvents } = trace()
  expect(slices(traceEvents, 'hold')).toEqual([
    { pid: 1, name: 'seat:1', ts: 10_000, dur: 150_000, token: '33' },
    { pid: 2, name: 'seat:1', ts: 165_000, dur: 25_000, token: '34' },
  ])
  expect(slices(traceEvents, 'overtime')).toEqual([
    { pid: 1, name: 'seat:1 (lease over)', ts: 160_000, dur: 55_000, token: '33' },
  ])
  expect(slices(traceEvents, 'wait').at(-1)).toMatchObject({ pid: 2, ts: 20_000, dur: 145_000 })
  expect(slices(traceEvents, 'fault')).toMatchObject([{ pid: 1, name: 'stopped', ts: 70_000, dur: 130_000 }])
})

test('what was found and what was refused are moments of their lane', () => {
  const moments = trace().traceEvents.filter(({ ph }) => ph === 'i')
  expect(moments.filter(({ pid }) => pid === 3).map(({ cat, ts }) => [cat, ts])).toEqual([
    ['violation', 180_000],
    ['refused', 210_000],
  ])
})

test('no two slices of a track overlap, which a viewer would draw wrongly', () => {
  const tracks = Map.groupBy(
    trace().traceEvents.filter(({ ph }) => ph === 'X'),
    ({ pid, tid }) => `${pid}/${tid}`,
  )
  for (const events of tracks.values()) {
    const ordered = events.toSorted((a, b) => (a.ts ?? 0) - (b.ts ?? 0))
    for (const [index, next] of ordered.slice(1).entries()) {
      const before = ordered[index]
      expect((before?.ts ?? 0) + (before?.dur ?? 0)).toBeLessThanOrEqual(next.ts ?? 0)
    }
  }
})
