/** Messages that are cut off, damaged or made up: an error at once, and never something that was not sent. */
import * as wire from '@bufbuild/protobuf/wire'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MessageCodec } from './message.ts'
import { txnMethod, type TxnAnswer, watchAnswer, watchRequest } from './messages.ts'

const codec = new MessageCodec(wire)

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
const keyValue = fc.record({
  key: fc.string({ unit: 'grapheme' }),
  createRevision: int64,
  modRevision: int64,
  version: int64,
  value: fc.string({ unit: 'grapheme' }),
  lease: int64,
})
const range = fc.record({ kvs: fc.array(keyValue, { maxLength: 4 }), more: fc.boolean(), count: int64 })
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
const header = fc.record({ memberId: uint64, revision: int64, term: uint64 })
const response = fc.oneof(
  range.map((found) => ({ range: found })),
  int64.map((deleted) => ({ delete: { deleted } })),
)
const answer: fc.Arbitrary<TxnAnswer> = fc.record({
  header,
  succeeded: fc.boolean(),
  responses: fc.array(response, { maxLength: 3 }),
})

describe('a message', () => {
  test('comes out as it went in', () => {
    fc.assert(
      fc.property(answer, (message) => {
        expect(codec.decode(txnMethod.response, codec.encode(txnMethod.response, message))).toEqual(message)
      }),
    )
  })

  test('that nests itself, and one with a field of a newer server, are read', () => {
    const inner = { txn: { succeeded: true, responses: [] } }
    const message: TxnAnswer = { succeeded: false, responses: [inner] }
    const bytes = codec.encode(txnMethod.response, message)
    expect(codec.decode(txnMethod.response, bytes)).toEqual(message)
    const newer = Buffer.concat([bytes, Buffer.from([0xfa, 0x01, 0x02, 0x61, 0x62])])
    expect(codec.decode(txnMethod.response, newer)).toEqual(message)
  })

  test('has the zero of its kind for what was left out', () => {
    expect(codec.decode(watchAnswer, new Uint8Array())).toEqual({
      watchId: 0n,
      created: false,
      canceled: false,
      events: [],
    })
  })

  test('that is cut off anywhere is an error, or is one that ended there', () => {
    fc.assert(
      fc.property(answer, fc.double({ min: 0, max: 1, noNaN: true }), (message, share) => {
        const whole = codec.encode(txnMethod.response, message)
        const bytes = whole.subarray(0, Math.floor(whole.length * share))
        let decoded: TxnAnswer
        try {
          decoded = codec.decode(txnMethod.response, bytes)
        } catch {
          return
        }
        expect(decoded.responses).toEqual(message.responses.slice(0, decoded.responses.length))
      }),
    )
  })

  test('of any bytes at all ends, with a message or with an error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        for (const shape of [txnMethod.response, watchAnswer, watchRequest]) {
          try {
            codec.decode<object>(shape, bytes)
          } catch (error) {
            expect(error).toBeInstanceOf(Error)
          }
        }
      }),
      { numRuns: 2_000 },
    )
  })

  test('with a number where a text should be is refused', () => {
    // Field 2 of the answer, `succeeded`, as a text.
    expect(() => codec.decode(txnMethod.response, Buffer.from([0x12, 0x01, 0x61]))).toThrow(/field 2/)
  })
})
