/** What is written to a row is what is read from it. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { LineClaim } from '../../line/line.ts'
import type { LineRecord } from './engine.ts'
import { RecordCache } from './record-cache.ts'
import { decodeRecord, encodeRecord, IDLE_RECORD } from './record.ts'

const text = fc.string({ unit: 'binary', maxLength: 40 })
const base = {
  id: fc.uuid(),
  weight: fc.nat(),
  capacity: fc.nat(),
  ttlMs: fc.nat(),
  lockDelayMs: fc.nat(),
  note: text,
  owner: text,
  channel: text,
  endsAtMs: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
}
const token = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n })
const claim = fc.oneof(
  fc.record({ ...base, state: fc.constant('waiting' as const) }),
  fc.record({ ...base, state: fc.constant('held' as const), token, provisional: fc.boolean() }),
  fc.record({ ...base, state: fc.constant('lingering' as const), token }),
  fc.record({ ...base, state: fc.constant('lingering' as const), token, reason: text }),
) as fc.Arbitrary<LineClaim>
const summary = fc.record({
  rows: fc.nat(),
  weight: fc.nat(),
  sequence: fc.nat(),
  endsAtMs: fc.nat(),
  lastEndsAtMs: fc.nat(),
})
const entry = fc.record(
  {
    line: fc.record({ lastToken: token, claims: fc.array(claim, { maxLength: 40 }) }),
    observers: fc.array(fc.record({ channel: text, untilMs: fc.nat() }), { maxLength: 3 }),
    waiters: summary,
  },
  { requiredKeys: ['line', 'observers'] },
) as fc.Arbitrary<LineRecord>

test('every line is read as it was written', () => {
  fc.assert(
    fc.property(entry, (written) => {
      const record = encodeRecord(written)
      expect(decodeRecord(record, written.line.lastToken)).toEqual(written)
    }),
  )
})

test('a recalled line is the written one, whatever came between', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom('a', 'b'), entry), { maxLength: 10 }), (writes) => {
      const recall = new RecordCache()
      for (const [resource, written] of writes) {
        const record = encodeRecord(written)
        recall.keep(resource, record, written)
        for (const [, other] of writes) {
          expect(recall.decode(resource, encodeRecord(other), other.line.lastToken)).toEqual(other)
        }
      }
    }),
    { numRuns: 50 },
  )
})

test('what is recalled is bounded, however many lines there are', () => {
  const recall = new RecordCache()
  const big = { ...fc.sample(claim, 1)[0], state: 'waiting', note: 'n'.repeat(4_000) } as LineClaim
  const written: LineRecord = { line: { lastToken: 1n, claims: [big] }, observers: [] }
  const record = encodeRecord(written)
  const seen = Array.from({ length: 3_000 }, (_, index) => {
    recall.keep(`test!${index}`, record, written)
    return recall.size
  })
  expect(Math.max(...seen)).toBeLessThan(1_100)
  expect(Math.max(...seen)).toBeGreaterThan(500)
})

test('a line without claims and observers is no text at all', () => {
  expect(encodeRecord({ line: { lastToken: 7n, claims: [] }, observers: [] })).toBe(IDLE_RECORD)
})

test.each([
  '{}',
  '[',
  '[1]',
  '[[],1]',
  '[[],["held"]]',
  '[[],["asleep",1,2,3,4,5,6,7,8,9]]',
  '[[],["held",1,2,3,4,5,6,7,8,9,"x"]]',
])('text that is no record is refused: %s', (record) => expect(() => decodeRecord(record, 0n)).toThrow(SyntaxError))
