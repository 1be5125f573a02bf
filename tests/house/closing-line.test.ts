/** The last line of `npm test` is what people and machines believe, so it is tested as well. */
import { expect, test } from 'vitest'
import { closingLine, type Finished, tally } from '../support/closing-line.ts'

const finished = (state: 'passed' | 'failed' | 'skipped' | 'pending', note?: string): Finished => ({
  fullName: `a ${state} test`,
  result: () => ({ state, note, errors: undefined }) as ReturnType<Finished['result']>,
})

test('passed and failed tests are counted', () => {
  expect(closingLine(tally([finished('passed'), finished('passed'), finished('failed')], 0))).toBe('2 passed, 1 failed')
})

test('a skipped test is listed with its reason', () => {
  const result = tally([finished('skipped', 'no server here'), finished('skipped')], 0)
  expect(result.skipped).toEqual(['a skipped test — no server here', 'a skipped test — no reason given'])
  expect(closingLine(result)).toBe('0 passed, 0 failed, 2 skipped')
})

test('a test that never ended and a file that cannot be loaded are failures', () => {
  expect(tally([finished('pending')], 1)).toMatchObject({ passed: 0, failed: 2 })
})
