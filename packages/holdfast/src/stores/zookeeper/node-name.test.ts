/** The order of a line by the names of its nodes, also where the count of ZooKeeper has begun anew. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { claim } from '../claims.fixture.ts'
import { lineOrder, mayBe, nameBegin, remainderName } from './node-name.ts'

/** As ZooKeeper writes what it counts: in 32 bits, on ten places. */
function sequenceText(count: number): string {
  const sequence = count | 0
  return sequence < 0 ? `-${String(-sequence).padStart(9, '0')}` : String(sequence).padStart(10, '0')
}

test('a line is in the order of its making, wherever the count of 32 bits stands', () => {
  const asked = claim('n!lock')
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 }), fc.integer({ min: 2, max: 40 }), (from, length) => {
      const made = Array.from({ length }, (_, index) => `${nameBegin(asked)}${sequenceText(from + index)}`)
      const mixed = made.toSorted()
      expect(lineOrder(mixed).map(({ name }) => name)).toEqual(made)
    }),
  )
  expect(lineOrder([`1.1.a-${sequenceText(2 ** 31)}`, `1.1.b-${sequenceText(2 ** 31 - 1)}`])[0]?.id).toBe('b')
})

test('what lingers stands in front, and a claim may be the one whose id begins as its name says', () => {
  const asked = claim('n!lock', { weight: 2, capacity: 5 })
  const [kept, own] = lineOrder([`${nameBegin(asked)}0000000003`, remainderName(asked, 700)])
  expect(kept).toMatchObject({ weight: 2, capacity: 5, keepMs: 700, id: asked.id, sequence: undefined })
  expect(own).toMatchObject({ weight: 2, capacity: 5, sequence: 3 })
  expect([mayBe(kept ?? never(), asked.id), mayBe(own ?? never(), asked.id)]).toEqual([true, true])
  expect(mayBe(own ?? never(), claim('n!lock').id)).toBe(false)
})

test('a node of another program is named, and may be mistaken for nothing', () => {
  for (const name of ['theirs', '1.1.x', '~.1.1.x', '1.1.abc-x', '']) {
    expect(() => lineOrder([name])).toThrow(`the node ${JSON.stringify(name)} is no claim of Holdfast`)
  }
})

function never(): never {
  throw new Error('there are two nodes')
}
