import { expect, test } from 'vitest'
import { byTime, type HistoryEvent, historyText, parseEvent, Recorder } from './history.ts'

const event = (t: string, p: string, i: number): HistoryEvent => ({ i, t, p, e: 'sig', op: i, f: 'lost', k: 'k' })

test('events are ordered by time as numbers, and within a process by their own count', () => {
  const shuffled = [event('10', 'b', 0), event('9', 'a', 1), event('9', 'a', 0), event('18446744073709551617', 'c', 0)]
  expect(byTime(shuffled).map(({ t, p, i }) => `${t}${p}${i}`)).toEqual([
    '9a0',
    '9a1',
    '10b0',
    '18446744073709551617c0',
  ])
})

test('a recorded call and its end share a number, and a failure carries the code of its error', () => {
  const events: HistoryEvent[] = []
  const recorder = new Recorder('p1', (each) => void events.push(each))
  const first = recorder.call('write', 'seat', { token: '7' }, 'buyer 1')
  recorder.call('read', 'seat').ok()
  first.fail(Object.assign(new Error('too late'), { code: 'STALE_TOKEN' }))
  expect(events.map(({ i, e, op }) => [i, e, op])).toEqual([
    [0, 'call', 0],
    [1, 'call', 1],
    [2, 'ok', 1],
    [3, 'fail', 0],
  ])
  expect(events[3]).toMatchObject({ c: 'buyer 1', err: { code: 'STALE_TOKEN', message: 'too late' } })
})

test('an event survives being written and read, and other lines are told apart from events', () => {
  const one = event('5', 'a', 0)
  const header = { v: 1, run: 'r', backend: 'memory', versions: {}, faults: [], expectations: [] } as const
  const lines = historyText(header, [one]).trimEnd().split('\n')
  expect(lines.map(parseEvent)).toEqual([null, one])
  expect(parseEvent('(node:7) Warning: something')).toBeNull()
  expect(parseEvent('{"t":"soon","p":"a","e":"sig","f":"x","k":"k","i":0,"op":0}')).toBeNull()
  expect(parseEvent('{"t":"7","p":"a","e":"soon","f":"x","k":"k","i":0,"op":0}')).toBeNull()
})
