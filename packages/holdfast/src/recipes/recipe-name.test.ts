/** The names of recipes on the store. */
import { expect, test } from 'vitest'
import { recipeName } from './recipe-name.ts'

test('a name shows its kind', () => {
  expect(recipeName('election', 'compactor')).toBe('election:compactor')
})

test('names that are too long stay apart, within what a store takes', () => {
  const long = 'ü'.repeat(150)
  const names = [recipeName('once', `${long}1`), recipeName('once', `${long}2`), recipeName('rate', `${long}1`)]
  expect(new Set(names).size).toBe(3)
  for (const name of names) {
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(200)
    expect(name).toMatch(/^(?:once|rate):ü+#[\w-]{43}$/)
  }
})

test.each(['', '\0', '\uD800', 7])('%j is no name', (name) => {
  expect(() => recipeName('once', name as string)).toThrow(expect.objectContaining({ code: 'MISUSE' }))
})
