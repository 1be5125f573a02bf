/** Values and packets in chunks of every size, and bytes that no ZooKeeper sends. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MalformedAnswer, ValueReader, ValueWriter } from './bytes.ts'
import { PACKET_BYTES_MAX, packetOf, PacketReader } from './packets.ts'
import { readMulti, readStat } from './requests.ts'

test('packets come out whole and in order, however they were cut into chunks', () => {
  const bodies = fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 8 })
  fc.assert(
    fc.property(bodies, fc.infiniteStream(fc.integer({ min: 1, max: 30 })), (sent, sizes) => {
      const bytes = Buffer.concat(sent.map((body) => packetOf(Buffer.from(body))))
      const reader = new PacketReader()
      const got: Buffer[] = []
      let from = 0
      for (const size of sizes) {
        if (from >= bytes.length) break
        got.push(...reader.push(bytes.subarray(from, from + size)))
        from += size
      }
      expect(got.map((body) => Uint8Array.from(body))).toEqual(sent)
    }),
  )
})

test('a packet that is longer than any, and one of less than nothing, are refused before they are kept', () => {
  const read = (bytes: readonly number[]): unknown => new PacketReader().push(Buffer.from(bytes))
  expect(() => read([0x7f, 0xff, 0xff, 0xff])).toThrow(`at most ${PACKET_BYTES_MAX}`)
  expect(() => read([0xff, 0xff, 0xff, 0xff])).toThrow(MalformedAnswer)
})

test('values are read as they were written', () => {
  const values = fc.tuple(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n))
  fc.assert(
    fc.property(values, fc.array(fc.string({ unit: 'grapheme' })), fc.boolean(), ([int, long], texts, flag) => {
      const reader = new ValueReader(new ValueWriter().int(int).long(long).texts(texts).flag(flag).finish())
      expect([reader.int(), reader.long(), reader.texts(), reader.flag()]).toEqual([int, long, texts, flag])
      reader.end()
    }),
  )
})

test('bytes of any kind in the place of an answer are read, or refused as malformed', () => {
  const reads: readonly ((reader: ValueReader) => unknown)[] = [
    (reader) => readMulti(reader, 2),
    readStat,
    (reader) => reader.texts(),
    (reader) => reader.text(),
  ]
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      for (const read of reads) {
        try {
          const reader = new ValueReader(Buffer.from(bytes))
          read(reader)
          reader.end()
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedAnswer)
        }
      }
    }),
    { numRuns: 2_000 },
  )
})

test('a list that announces more than came makes no room for it', () => {
  const announced = new ValueWriter().int(2 ** 31 - 1).finish()
  expect(() => new ValueReader(announced).texts()).toThrow('a list had 2147483647 texts')
})

test('a multi with more or fewer results than parts is refused', () => {
  const result = (writer: ValueWriter): ValueWriter => writer.int(2).flag(false).int(0)
  const end = (writer: ValueWriter): ValueReader => new ValueReader(writer.int(-1).flag(true).int(-1).finish())
  expect(readMulti(end(result(new ValueWriter())), 1)).toEqual([{ code: 0 }])
  expect(() => readMulti(end(result(result(new ValueWriter()))), 1)).toThrow('more results')
  expect(() => readMulti(end(new ValueWriter()), 1)).toThrow('had 0 results')
})
