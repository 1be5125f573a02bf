import { expect, test } from 'vitest'
import { readCommandLine, UsageError, wholeNumber } from './command-line.ts'

const kinds = { out: 'text', json: 'flag', replicas: 'text' } as const

test('options, flags and words are told apart, in any order', () => {
  expect(readCommandLine(['redis', '--out', 'a b', '5', '--json'], kinds)).toEqual({
    values: { out: 'a b', json: true },
    isHelpAsked: false,
    words: ['redis', '5'],
  })
  expect(readCommandLine(['--replicas=2', '--', '--json'], kinds)).toMatchObject({
    values: { replicas: '2' },
    words: ['--json'],
  })
  expect(readCommandLine([], kinds)).toEqual({ values: {}, isHelpAsked: false, words: [] })
})

test.each(['-h', '--help'])('%s is no error, whatever else is there', (word) => {
  expect(readCommandLine(['words', word], {}).isHelpAsked).toBe(true)
})

test.each([
  [['--fast'], "unknown option '--fast'"],
  [['--out'], "option '--out <value>' argument missing"],
])('%j is refused in words', (argv, message) => {
  expect(() => readCommandLine(argv, kinds)).toThrow(new UsageError(message))
})

test.each(['', '-1', '1.5', '1e1', '3', '99999999999'])('%j is no whole number from 0 to 2', (text) => {
  expect(() => wholeNumber('--replicas', text, { min: 0, max: 2 })).toThrow(
    `--replicas must be a whole number from 0 to 2, got ${JSON.stringify(text)}`,
  )
})

test('a whole number within its limits is taken', () => {
  expect(wholeNumber('--replicas', '02', { min: 0, max: 2 })).toBe(2)
})
