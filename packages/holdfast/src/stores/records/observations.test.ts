/** Expiry without an engine's clock: every process counts from its own first sight, and never ends a claim before its holder does. */
import { expect, test } from 'vitest'
import type { HeldClaim, Line } from '../../line/line.ts'
import { Observations } from './observations.ts'

const SPAN_MS = 10_000

function lineOf(...ids: readonly string[]): Line {
  return {
    lastToken: 1n,
    claims: ids.map((id): HeldClaim => ({
      id,
      state: 'held',
      token: 1n,
      provisional: false,
      weight: 1,
      capacity: 1,
      ttlMs: SPAN_MS,
      lockDelayMs: 0,
      note: '',
      owner: '',
      channel: '',
      endsAtMs: 0,
    })),
  }
}

const endOf = (line: Line): number => line.claims[0]?.endsAtMs ?? Number.NaN

test('a claim lasts its span from the first sight of its beat, and longer by what clocks may differ', () => {
  const observations = new Observations()
  const beats = [{ beat: 1, spanMs: SPAN_MS }]
  const first = observations.observe('r', lineOf('a'), beats, 1_000)
  expect(endOf(first)).toBeGreaterThanOrEqual(1_000 + SPAN_MS * 1.01)
  expect(endOf(observations.observe('r', lineOf('a'), beats, 9_000))).toBe(endOf(first))
})

test('a new beat counts from its own first sight', () => {
  const observations = new Observations()
  observations.observe('r', lineOf('a'), [{ beat: 1, spanMs: SPAN_MS }], 1_000)
  const renewed = observations.observe('r', lineOf('a'), [{ beat: 2, spanMs: SPAN_MS }], 9_000)
  expect(endOf(renewed)).toBeGreaterThan(9_000 + SPAN_MS)
})

test('a claim that a step did not touch keeps its beat, and one that it changed beats', () => {
  const observations = new Observations()
  const before = observations.observe(
    'r',
    lineOf('a', 'b'),
    [
      { beat: 3, spanMs: SPAN_MS },
      { beat: 7, spanMs: SPAN_MS },
    ],
    1_000,
  )
  const [a, b] = before.claims
  if (a === undefined || b === undefined) throw new Error('two claims went in')
  const after: Line = { ...before, claims: [a, { ...b, endsAtMs: 2_000 + SPAN_MS }] }
  expect(observations.beatsOf('r', before, after, 2_000)).toEqual([
    { beat: 3, spanMs: SPAN_MS },
    { beat: 8, spanMs: SPAN_MS },
  ])
})

test('what is remembered of lines is bounded, and of empty lines nothing', () => {
  const observations = new Observations()
  const beats = [{ beat: 1, spanMs: SPAN_MS }]
  for (let index = 0; index < 10_001; index += 1) observations.observe(`r${index}`, lineOf('a'), beats, 0)
  // The oldest one was forgotten, and its holder is given its whole life once more.
  expect(endOf(observations.observe('r0', lineOf('a'), beats, 5_000))).toBeGreaterThan(5_000 + SPAN_MS)
  expect(endOf(observations.observe('r10000', lineOf('a'), beats, 5_000))).toBeLessThan(5_000 + SPAN_MS)
})
