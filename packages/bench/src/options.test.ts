import { expect, test } from 'vitest'
import type { Suite } from './figure.ts'
import { UsageError } from '@holdfast/testbed/command-line'
import { helpText, parseOptions } from './options.ts'

const suite = (name: string, group?: string): Suite => ({
  name,
  about: '',
  run: async () => [],
  ...(group !== undefined && { group }),
})
const all = [suite('idle'), suite('redis-pair', 'redis'), suite('redis-crowd', 'redis')]
const chosen = (...argv: string[]): readonly string[] => parseOptions(argv, all).suites.map(({ name }) => name)

test('a group stands for its suites, none for all of them, and nothing is measured twice', () => {
  expect(chosen('redis')).toEqual(['redis-pair', 'redis-crowd'])
  expect(chosen('redis-crowd', 'redis', 'idle')).toEqual(['redis-crowd', 'redis-pair', 'idle'])
  expect(chosen()).toEqual(['idle', 'redis-pair', 'redis-crowd'])
  expect(helpText(all)).toContain('Groups: redis.')
})

test.each([['nosuch'], ['--seconds=0'], ['--seconds=1.5'], ['--fast']])('%s is refused with the way out', (word) => {
  expect(() => chosen(word)).toThrow(UsageError)
})
