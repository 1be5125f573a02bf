import { expect, test } from 'vitest'
import { OutcomeUnknown } from '../../store/errors.ts'
import { metTransaction, refusedMark, unanswered } from './refusals.ts'

const refusal = (name: string, more: object = {}): Error =>
  Object.assign(new Error('the words of Amazon'), { name, $fault: 'client', ...more })
const cancelled = (...codes: readonly string[]): Error =>
  refusal('TransactionCanceledException', { CancellationReasons: codes.map((Code) => ({ Code })) })

test('a transaction that only met others is asked again; one with a condition that failed is not', () => {
  expect(metTransaction(refusal('TransactionConflictException'))).toBe(true)
  expect(metTransaction(cancelled('None', 'TransactionConflict'))).toBe(true)
  expect(metTransaction(cancelled('TransactionConflict', 'ConditionalCheckFailed'))).toBe(false)
  expect(metTransaction(cancelled('None', 'ConditionalCheckFailed'))).toBe(false)
  expect(metTransaction(new Error('TransactionConflict'))).toBe(false)
})

test('the mark is the first of its transaction: a condition of yours is no stale token', () => {
  expect(refusedMark(cancelled('ConditionalCheckFailed', 'None'))).toEqual({ mark: undefined })
  expect(refusedMark(cancelled('None', 'ConditionalCheckFailed'))).toBeUndefined()
})

test('without the word of the server nobody knows, and what it refused passes as it is', () => {
  const [broken, refused] = [new Error('socket hang up'), cancelled('ValidationError')]
  expect(unanswered(broken, 'shop!stock', 'marks')).toBeInstanceOf(OutcomeUnknown)
  expect(unanswered(refused, 'shop!stock', 'marks')).toBe(refused)
})
