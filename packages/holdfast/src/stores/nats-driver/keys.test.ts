import { expect, test } from 'vitest'
import { keyOf, resourceIn } from './keys.ts'

test('a name becomes a key of NATS and is found again, and no two names become one key', () => {
  const names = ['shop!a', 'shop!a.b', 'shop!a:b', 'shop!a%20b', 'shop!%25', 'a!b!c']
  const keys = names.map(keyOf)
  expect(new Set(keys).size).toBe(names.length)
  expect(keys.map(resourceIn)).toEqual(names)
  for (const key of keys) expect(key).toMatch(/^[-/_=a-zA-Z0-9]+$/)
})
