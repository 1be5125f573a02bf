/** The last line of `npm test` is what people and machines believe, so it is tested as well. */
import { expect, test } from 'vitest'
import { closingLine, type Finished, tally } from '../support/closing-line.ts'

type State = 'passed' | 'failed' | 'skipped' | 'pending'

const finished = (state: State, note?: string, ...messages: string[]): Finished => ({
  fullName: `a ${state} test`,
  result: () => ({ state, note, errors: messages.map((message) => ({ message })) }) as ReturnType<Finished['result']>,
})

test('passed and failed tests are counted', () => {
  expect(closingLine(tally([finished('passed'), finished('passed'), finished('failed')], []))).toBe(
    '2 passed, 1 failed',
  )
})

test('a skipped test is listed with its reason', () => {
  const result = tally([finished('skipped', 'no server here'), finished('skipped')], [])
  expect(result.skipped).toEqual(['a skipped test — no server here', 'a skipped test — no reason given'])
  expect(closingLine(result)).toBe('0 passed, 0 failed, 2 skipped')
})

test('a test that never ended and a file that cannot be loaded are failures', () => {
  expect(tally([finished('pending')], ['a.test.ts — no such module'])).toMatchObject({ passed: 0, failed: 2 })
})

test('what failed is named with the first line of its reason', () => {
  const cases = [finished('failed', undefined, 'expected 1 to be 2\n- 2\n+ 1', 'and more'), finished('pending')]
  expect(tally(cases, ['a.test.ts — no such module']).failures).toEqual([
    'a.test.ts — no such module',
    'a failed test — expected 1 to be 2',
    'a pending test — it is pending',
  ])
})
