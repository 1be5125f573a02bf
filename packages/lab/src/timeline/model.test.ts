import { expect, test } from 'vitest'
import { type Lane, type Model } from './model.ts'
import { modelOf } from './model-of.ts'
import { history, ns } from './timeline.fixture.ts'

function laneOf(model: Model, name: string): Lane {
  const lane = model.lanes.find((each) => each.name === name)
  if (lane === undefined) throw new Error(`no lane ${name}`)
  return lane
}

const spans = (lane: Lane, kind: string): [number, number, string | undefined][] =>
  lane.spans.filter((span) => span.kind === kind).map(({ fromMs, toMs, token }) => [fromMs, toMs, token])

test('who works has a lane, resources come last, and who only makes faults has none', () => {
  expect(modelOf(history()).lanes.map((lane) => lane.name)).toEqual(['a', 'b', 'db'])
})

test('a hold ends with the lease by its own clock, renewals included, and the rest until it is noticed is overtime', () => {
  const lane = laneOf(modelOf(history()), 'a')
  expect(spans(lane, 'hold')).toEqual([[10, 160, '33']])
  expect(spans(lane, 'overtime')).toEqual([[160, 215, '33']])
})

test('a hold that was released in time ends there and has no overtime', () => {
  const lane = laneOf(modelOf(history()), 'b')
  expect(spans(lane, 'hold')).toEqual([[165, 190, '34']])
  expect(spans(lane, 'overtime')).toEqual([])
  expect(spans(lane, 'wait')).toEqual([[20, 165, '34']])
})

test('a pause is in the lane it hit, and a refusal at the resource that refused', () => {
  const model = modelOf(history())
  expect(laneOf(model, 'a').pauses).toEqual([{ fromMs: 70, toMs: 200, what: 'stopped' }])
  expect(laneOf(model, 'b').pauses).toEqual([])
  expect(laneOf(model, 'db').marks.map(({ kind, atMs, token }) => [kind, atMs, token])).toEqual([
    ['accepted', 180, '34'],
    ['refused', 210, '33'],
  ])
})

test('a finding takes the place of the accepted write it is about', () => {
  const model = modelOf(history(), [{ t: ns(180), lane: 'db', text: 'sold again' }])
  expect(laneOf(model, 'db').marks.map((mark) => mark.kind)).toEqual(['violation', 'refused'])
})

test('tokens are ordered as numbers, not as text', () => {
  const grants = ['10', '9'].map((token, i) => ({
    i,
    t: ns(i),
    p: 'a',
    e: 'ok' as const,
    op: i,
    f: 'acquire',
    k: 'k',
    out: { token },
  }))
  expect(modelOf(grants).tokens).toEqual(['9', '10'])
})

test('an empty history is an empty drawing', () => {
  expect(modelOf([])).toEqual({ lengthMs: 0, lanes: [], tokens: [] })
})
