/** Frames in chunks of every size, and frames that no etcd sends. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { framed, FrameReader, MESSAGE_BYTES_MAX } from './frames.ts'

test('messages come out whole and in order, however they were cut into chunks', () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 8 })
  fc.assert(
    fc.property(messages, fc.infiniteStream(fc.integer({ min: 1, max: 30 })), (sent, sizes) => {
      const bytes = Buffer.concat(sent.map((message) => framed(message)))
      const got: Uint8Array[] = []
      const reader = new FrameReader((message) => got.push(Uint8Array.from(message)))
      let from = 0
      for (const size of sizes) {
        if (from >= bytes.length) break
        reader.push(bytes.subarray(from, from + size))
        from += size
      }
      expect(got).toEqual(sent)
      expect(reader.isBetweenMessages).toBe(true)
    }),
  )
})

test('a message that is longer than any, and one that is compressed, are refused before they are kept', () => {
  const read = (bytes: readonly number[]): void => new FrameReader(() => undefined).push(Buffer.from(bytes))
  expect(() => read([0, 0xff, 0xff, 0xff, 0xff])).toThrow(`at most ${MESSAGE_BYTES_MAX}`)
  expect(() => read([1, 0, 0, 0, 0])).toThrow('compressed')
})
