import { UsageError } from '@holdfast/testbed/command-line'
import { expect, test } from 'vitest'
import { readChoice } from './command-line.ts'

const names = ['memory: one', 'sqlite: two', 'redis: three']
const chosen = (...argv: readonly string[]) => names.filter((name) => readChoice(argv).isChosen(name))

test('without words every mutant is chosen, with some those whose name contains one of them', () => {
  expect(chosen()).toEqual(names)
  expect(chosen('sqlite', 'thr')).toEqual(['sqlite: two', 'redis: three'])
  expect(chosen('--seed', '2', 'one')).toEqual(['memory: one'])
  expect(chosen('nothing')).toEqual([])
})

test('the seed is 1 unless another whole number is given, before the words or behind them', () => {
  expect(readChoice([]).seed).toBe(1)
  expect(readChoice(['one', '--seed=7']).seed).toBe(7)
  expect(readChoice(['--help']).isHelpAsked).toBe(true)
})

test.each([['--seed', 'x'], ['--seed', '1.5'], ['--seed'], ['--fast']])('%s %s is refused in words', (...argv) => {
  expect(() => readChoice(argv.filter((word) => word !== undefined))).toThrow(UsageError)
})
