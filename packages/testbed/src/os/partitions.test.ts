import { expect, test } from 'vitest'
import { type Deafness, divided, isolated, muted, ring } from './partitions.ts'

const five = ['a', 'b', 'c', 'd', 'e']

/** Which nodes each one hears, itself counted. */
function heardBy(all: readonly string[], deafness: readonly Deafness<string>[]): string[] {
  return all.map((to) => all.filter((from) => !deafness.some((cut) => cut.from === from && cut.to === to)).join(''))
}

test('one is alone', () => {
  expect(heardBy(five, isolated('c', five))).toEqual(['abde', 'abde', 'c', 'abde', 'abde'])
})

test('two sides hear themselves', () => {
  expect(heardBy(five, divided(['a', 'b'], ['c', 'd', 'e']))).toEqual(['ab', 'ab', 'cde', 'cde', 'cde'])
})

test('on a ring everybody hears a majority, and no two the same', () => {
  expect(heardBy(five, ring(five))).toEqual(['abe', 'abc', 'bcd', 'cde', 'ade'])
  const seven = [...five, 'f', 'g']
  const heard = heardBy(seven, ring(seven))
  expect(heard.every((names) => names.length > seven.length / 2)).toBe(true)
  expect(new Set(heard).size).toBe(seven.length)
})

test('whoever is muted hears and is not heard', () => {
  expect(heardBy(five, muted('a', five))).toEqual(['abcde', 'bcde', 'bcde', 'bcde', 'bcde'])
})
