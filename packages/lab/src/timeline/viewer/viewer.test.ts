/** The parts of the timeline that need no browser: what is in view, what is shown, what is under the pointer. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { modelOf } from '../model-of.ts'
import { history, ns } from '../timeline.fixture.ts'
import { AXIS, GUTTER, layoutOf, scaleOf, thingAt } from './layout.ts'
import { densities } from './overview.ts'
import { sheetOf } from './sheet.ts'
import { type Filter, isShown, lanesOfSheet, type Thing } from './things.ts'
import { between, centred, moved, secondsText, ticksOf, whole, zoomed } from './view.ts'
import { clustered, neighbour, Ordered } from './visible.ts'

const LENGTH_MS = 60_000
const findings = [{ t: ns(180), lane: 'db', text: 'tokens 33 and 34 at once', k: 'seat:1', line: 9 }]
const sheet = sheetOf(modelOf(history(), findings))
const lanes = lanesOfSheet(sheet)
const everything: Filter = { lock: undefined, lane: undefined, token: '', hidden: new Set() }
const things = lanes.flatMap(({ spans, marks, pauses }) => [...spans.items, ...marks.items, ...pauses.items])
const shownKinds = (filter: Partial<Filter>): string[] => [
  ...new Set(
    things.filter((thing) => isShown(thing, { ...everything, ...filter }, sheet.tokens)).map(({ kind }) => kind),
  ),
]

test('whatever is done to a view, it lies within the run and shows something', () => {
  const step = fc.oneof(
    fc.record({
      factor: fc.double({ min: 0.01, max: 100, noNaN: true }),
      around: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
    fc.record({ by: fc.double({ min: -2, max: 2, noNaN: true }) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      let view = whole(LENGTH_MS)
      for (const each of steps) {
        const shownMs = view.toMs - view.fromMs
        if ('by' in each) view = moved(view, shownMs * each.by, LENGTH_MS)
        else view = zoomed(view, each.factor, view.fromMs + shownMs * each.around, LENGTH_MS)
        expect(view.fromMs).toBeGreaterThanOrEqual(0)
        expect(view.toMs).toBeLessThanOrEqual(LENGTH_MS + 1e-6)
        expect(view.toMs - view.fromMs).toBeGreaterThan(0.049)
      }
    }),
  )
})

test('zooming keeps the moment under the pointer where it is', () => {
  const view = { fromMs: 10_000, toMs: 20_000 }
  const near = zoomed(view, 0.5, 12_000, LENGTH_MS)
  expect(near).toEqual({ fromMs: 11_000, toMs: 16_000 })
  expect(zoomed(near, 2, 12_000, LENGTH_MS)).toEqual(view)
  expect(centred(near, 30_000, LENGTH_MS)).toEqual({ fromMs: 27_500, toMs: 32_500 })
  expect(between(9_000, 7_000, LENGTH_MS)).toEqual({ fromMs: 7_000, toMs: 9_000 })
})

test('the axis has round moments, never too many, with as many places as they need', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.1, max: 1e6, noNaN: true }), fc.integer({ min: 2, max: 20 }), (lengthMs, most) => {
      const { atMs } = ticksOf({ fromMs: 0, toMs: lengthMs }, most)
      expect(atMs.length).toBeLessThanOrEqual(most + 1)
      expect(atMs.length).toBeGreaterThan(0)
    }),
  )
  expect(ticksOf({ fromMs: 990, toMs: 1_010 }, 4)).toEqual({ stepMs: 5, atMs: [990, 995, 1_000, 1_005, 1_010] })
  expect(secondsText(995, 5)).toBe('0.995 s')
})

test('what reaches into a part is found, and nothing else', () => {
  const interval = fc
    .tuple(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 40 }))
    .map(([fromMs, length]) => {
      return { fromMs, toMs: fromMs + length }
    })
  fc.assert(
    fc.property(fc.array(interval, { maxLength: 40 }), interval, (items, part) => {
      const found = [...new Ordered(items).between(part.fromMs, part.toMs)]
      const expected = items.filter(({ fromMs, toMs }) => fromMs <= part.toMs && toMs >= part.fromMs)
      expect(new Set(found)).toEqual(new Set(expected))
      expect(found).toHaveLength(expected.length)
    }),
  )
})

test('the next one and the one before are found, round the ends as well', () => {
  const at = [10, 20, 30].map((ms) => ({ fromMs: ms, toMs: ms }))
  const next = (ms: number, direction: 1 | -1): number | undefined => neighbour(at, ms, direction)?.fromMs
  expect([next(10, 1), next(30, 1), next(25, -1), next(10, -1)]).toEqual([20, 10, 20, 30])
  expect(neighbour([], 5, 1)).toBeUndefined()
})

test('what is near one another is one, with its number, and nothing is lost', () => {
  const at = [0, 1, 2, 10, 11, 30].map((ms) => ({ fromMs: ms, toMs: ms }))
  expect(clustered(at, 5).map(({ first, count }) => [first.fromMs, count])).toEqual([
    [0, 3],
    [10, 2],
    [30, 1],
  ])
  expect(densities(at as unknown as Thing[], 30, 3)).toEqual([3, 2, 1])
})

test('a sheet has everything that the model has, with its line of the history', () => {
  expect(sheet.lanes.map(({ name, kind }) => [name, kind])).toEqual([
    ['a', 'process'],
    ['b', 'process'],
    ['db', 'resource'],
  ])
  expect(sheet.locks).toEqual(['seat:1'])
  expect(sheet.tokens).toEqual(['33', '34'])
  expect(shownKinds({}).toSorted()).toEqual(['hold', 'overtime', 'pause', 'refused', 'step', 'violation', 'wait'])
  expect(things.find(({ kind }) => kind === 'violation')).toMatchObject({ line: 9, lane: 'db', fromMs: 180 })
})

test('a filter leaves what it asks for, and faults, which hit every lock and token', () => {
  expect(shownKinds({ hidden: new Set(['grants', 'waits', 'steps']) }).toSorted()).toEqual([
    'pause',
    'refused',
    'violation',
  ])
  expect(shownKinds({ lane: 'b' }).toSorted()).toEqual(['hold', 'wait'])
  expect(shownKinds({ lock: 7 })).toEqual(['pause'])
  const ofToken = things.filter((thing) => isShown(thing, { ...everything, token: '34' }, sheet.tokens))
  // The violation names both tokens.
  expect(ofToken.map(({ kind, lane }) => `${kind} ${lane}`).toSorted()).toEqual([
    'hold b',
    'pause a',
    'violation db',
    'wait b',
  ])
})

test('under the pointer is the smallest thing there, and a mark before a span', () => {
  const layout = layoutOf(lanes)
  const scale = scaleOf(whole(sheet.lengthMs), 1_000)
  expect(scale.ms(scale.x(123))).toBeCloseTo(123)
  const at = (ms: number, y: number): string | undefined =>
    thingAt(layout, scale, { x: scale.x(ms), y }, () => true)?.kind
  const [a, , db] = layout.lanes
  if (a === undefined || db === undefined) throw new Error('no lanes')
  expect(a.top).toBe(AXIS)
  expect(at(50, a.thickTop + 5)).toBe('hold')
  expect(at(180, a.thickTop + 5)).toBe('overtime')
  expect(at(5, a.thinTop + 2)).toBe('wait')
  // Beside everything, in the shade of the stop.
  expect(at(120, a.top + a.height - 1)).toBe('pause')
  expect(at(180, (db.marksTop ?? 0) + 5)).toBe('violation')
  expect(thingAt(layout, scale, { x: GUTTER - 1, y: a.thickTop }, () => true)).toBeUndefined()
  expect(thingAt(layout, scale, { x: scale.x(50), y: a.thickTop + 5 }, () => false)).toBeUndefined()
})
