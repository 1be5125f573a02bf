import fc from 'fast-check'
import { expect, test } from 'vitest'
import { durationMs, formatMs } from './duration.ts'
import { Misuse } from '../store/errors.ts'

const anyLength = { minMs: 0, maxMs: Number.MAX_SAFE_INTEGER }
const read = (value: unknown): number => durationMs('ttl', value as string, anyLength)

test.each([
  ['250ms', 250],
  ['10s', 10_000],
  ['1m30s', 90_000],
  ['24h', 86_400_000],
  ['1.5s', 1_500],
  ['0.1s0.2s', 300],
  ['0ms', 0],
  [1, 1],
  [0, 0],
])('%j is %i ms', (text, ms) => {
  expect(read(text)).toBe(ms)
})

test.each([
  '',
  ' ',
  '10',
  's',
  '10 s',
  '10sec',
  '-1s',
  '+1s',
  '1e3ms',
  '1.s',
  '.5s',
  '1.5ms',
  '10S',
  '1d',
  '٣s',
  '1s\n',
  '9'.repeat(400) + 's',
  '9'.repeat(30) + 's',
  Number.NaN,
  Number.POSITIVE_INFINITY,
  -1,
  1.5,
  2 ** 53,
  5n,
  null,
  undefined,
  true,
  {},
  [10],
  new Date(10),
  Symbol('10s'),
])('%s is not a duration, and the error names the option and the limits', (value) => {
  expect(() => read(value)).toThrow(Misuse)
  expect(() => read(value)).toThrow(/^ttl must be between 0ms and /)
})

test('the error shows the value as it was, cut short', () => {
  expect(() => read(Number.NaN)).toThrow(/got NaN$/)
  expect(() => read(5n)).toThrow(/got 5$/)
  expect(() => read('x'.repeat(10_000))).toThrow(/got "x{40}"$/)
  const circular: { self?: unknown } = {}
  circular.self = circular
  expect(() => read(circular)).toThrow(/got an object$/)
})

test('both limits belong to the range', () => {
  const range = { minMs: 100, maxMs: 1_000 }
  expect(durationMs('ttl', 100, range)).toBe(100)
  expect(durationMs('ttl', '1s', range)).toBe(1_000)
  expect(() => durationMs('ttl', 99, range)).toThrow('ttl must be between 100ms and 1s')
  expect(() => durationMs('ttl', '1001ms', range)).toThrow(Misuse)
})

test('formatted milliseconds are read back as the same number', () => {
  expect([0, 1, 1_500, 90_000, 7_200_000].map(formatMs)).toEqual(['0ms', '1ms', '1500ms', '90s', '2h'])
  fc.assert(
    fc.property(fc.nat({ max: 10 ** 12 }), (ms) => read(formatMs(ms)) === ms),
    { numRuns: 5_000 },
  )
})
