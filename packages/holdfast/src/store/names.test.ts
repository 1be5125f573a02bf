import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Misuse } from './errors.ts'
import { decodeName, encodeName, namesOf, resourceOf, resourcePrefixOf } from './names.ts'

const names = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 40 })
  .filter((text) => !text.includes('\0') && new TextEncoder().encode(text).length <= 200)
const strange = [
  '__proto__',
  'constructor',
  'toString',
  '..',
  '.',
  '/',
  '../../etc/passwd',
  '{a}',
  'a b',
  'É',
  '\r\n',
  '\uFEFFa',
  '%41',
  '%',
  '!',
  '🔒',
]

test('every name comes back as it was', () => {
  for (const name of strange) expect(decodeName(encodeName('name', name))).toBe(name)
  fc.assert(
    fc.property(names, names, (namespace, name) => {
      expect(namesOf(resourceOf(namespace, name))).toEqual({ namespace, name })
    }),
    { numRuns: 5_000 },
  )
})

test('an encoded resource is ASCII without slash, brace, space or anything an engine treats in its own way', () => {
  fc.assert(
    fc.property(names, names, (namespace, name) =>
      /^[A-Za-z0-9\-_.:%]+![A-Za-z0-9\-_.:%]+$/.test(resourceOf(namespace, name)),
    ),
    { numRuns: 2_000 },
  )
})

test('names that differ only in case, accents, normal form or trailing space stay distinct', () => {
  const group = ['cafe', 'Cafe', 'CAFE', 'café', 'cafe\u0301', 'cafe ', ' cafe', 'cafe\u200b', 'caf%C3%A9']
  expect(new Set(group.map((name) => resourceOf('n', name))).size).toBe(group.length)
})

test('no two pairs of namespace and name meet in one resource', () => {
  expect(resourceOf('a:b', 'c')).not.toBe(resourceOf('a', 'b:c'))
  expect(resourceOf('a!b', 'c')).not.toBe(resourceOf('a', 'b!c'))
  const seen = new Map<string, string>()
  fc.assert(
    fc.property(names, names, (namespace, name) => {
      const resource = resourceOf(namespace, name)
      const pair = JSON.stringify([namespace, name])
      const other = seen.get(resource) ?? pair
      seen.set(resource, pair)
      return other === pair
    }),
    { numRuns: 5_000 },
  )
})

test('the encoding of a prefix is a prefix of the encoding, and only then', () => {
  fc.assert(
    fc.property(names, names, (start, rest) => {
      fc.pre(new TextEncoder().encode(start + rest).length <= 200)
      return resourceOf('n', start + rest).startsWith(resourcePrefixOf('n', start))
    }),
    { numRuns: 2_000 },
  )
  fc.assert(
    fc.property(names, names, (prefix, name) => {
      return resourceOf('n', name).startsWith(resourcePrefixOf('n', prefix)) === name.startsWith(prefix)
    }),
    { numRuns: 2_000 },
  )
  expect(resourceOf('n', 'anything').startsWith(resourcePrefixOf('n', ''))).toBe(true)
})

test('a name of 200 bytes is the longest, counted in UTF-8', () => {
  expect(encodeName('name', 'a'.repeat(200))).toHaveLength(200)
  expect(encodeName('name', 'é'.repeat(100))).toHaveLength(600)
  expect(() => encodeName('name', 'a'.repeat(201))).toThrow(/name must be at most 200 bytes of UTF-8, got 201/)
  expect(() => encodeName('name', 'é'.repeat(101))).toThrow(/got 202/)
})

test.each([
  ['', /must not be empty/],
  ['a\0b', /must not contain NUL/],
  ['\ud800', /well-formed/],
  ['a\udc00', /well-formed/],
  [undefined, /must be a string, got undefined/],
  [null, /must be a string, got object/],
  [14, /must be a string, got number/],
])('the name %j is refused with a reason', (name, reason) => {
  expect(() => resourceOf('n', name as string)).toThrow(reason)
  expect(() => resourceOf('n', name as string)).toThrow(Misuse)
})

test('text that the encoding never makes is not decoded', () => {
  for (const text of ['', 'a/b', 'a b', '%4', '%zz', '%c3%a9', '%41', '%00', '%ED%A0%80', 'é', '{a}', 'a\n']) {
    expect(() => decodeName(text), text).toThrow(Misuse)
  }
  for (const resource of ['', 'a', 'a!', '!a', 'a!b!c', 'a!%41'])
    expect(() => namesOf(resource), resource).toThrow(Misuse)
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('%', '4', '1', 'C', '3', 'A', '9', 'a', '!') }), (text) => {
      try {
        const { namespace, name } = namesOf(text)
        return resourceOf(namespace, name) === text
      } catch (error) {
        return error instanceof Misuse
      }
    }),
    { numRuns: 20_000 },
  )
})
