import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fits, holding } from './line.ts'

/** Weights of a line with one capacity, as they would stand in it. */
const lines = fc
  .integer({ min: 1, max: 12 })
  .chain((capacity) =>
    fc
      .array(fc.integer({ min: 0, max: capacity }), { minLength: 1, maxLength: 24 })
      .map((weights) => weights.map((weight) => ({ weight, capacity }))),
  )

test('a claim holds when its weight fits behind everything ahead of it', () => {
  expect(fits(0, 1, 1)).toBe(true)
  expect(fits(1, 1, 1)).toBe(false)
  expect(fits(1, 0, 1)).toBe(true)
  expect(fits(2 ** 30 - 1, 1, 2 ** 30)).toBe(true)
})

test('of a mutex only the first claim holds', () => {
  const mutex = { weight: 1, capacity: 1 }
  expect(holding([mutex, mutex, mutex])).toEqual([true, false, false])
})

test('readers hold together, and a writer waits for them and stops those behind it', () => {
  const reader = { weight: 1, capacity: 100 }
  const writer = { weight: 100, capacity: 100 }
  expect(holding([reader, reader, writer, reader])).toEqual([true, true, false, false])
  expect(holding([writer, reader])).toEqual([true, false])
})

test('a small claim does not overtake a large one that waits', () => {
  const claim = (weight: number) => ({ weight, capacity: 5 })
  expect(holding([claim(3), claim(4), claim(1)])).toEqual([true, false, false])
})

test('members of a group all hold', () => {
  const member = { weight: 0, capacity: 1 }
  expect(holding([member, member, member])).toEqual([true, true, true])
})

test('a claim that holds goes on holding whatever ahead of it is removed, one by one, in any order', () => {
  let assertions = 0
  fc.assert(
    fc.property(lines, fc.infiniteStream(fc.nat()), (claims, picks) => {
      let line = claims
      while (line.length > 1) {
        const before = holding(line)
        const pick: number = picks.next().value ?? 0
        const gone = pick % line.length
        const after = holding(line.toSpliced(gone, 1))
        for (let index = 0; index < line.length; index += 1) {
          if (index === gone || before[index] !== true) continue
          assertions += 1
          if (after[index > gone ? index - 1 : index] !== true) return false
        }
        line = line.toSpliced(gone, 1)
      }
      return true
    }),
    { numRuns: 45_000 },
  )
  expect(assertions).toBeGreaterThan(300_000)
})

test('what is added behind a claim never changes whether it holds', () => {
  fc.assert(
    fc.property(lines, lines, (claims, behind) => {
      const alone = holding(claims)
      return holding([...claims, ...behind])
        .slice(0, alone.length)
        .every((holds, index) => holds === alone[index])
    }),
    { numRuns: 2_000 },
  )
})

test('those that hold never weigh more than the capacity together, and they stand in front of those that wait', () => {
  fc.assert(
    fc.property(lines, (claims) => {
      const states = holding(claims)
      const held = claims.filter((_, index) => states[index] === true)
      const weight = held.reduce((sum, claim) => sum + claim.weight, 0)
      return weight <= (claims[0]?.capacity ?? 0) && states.slice(held.length).every((holds) => !holds)
    }),
    { numRuns: 5_000 },
  )
})
