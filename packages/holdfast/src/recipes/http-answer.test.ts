/** What a client over HTTP learns of a lock that failed: enough to decide whether to ask again, and no name. */
import { expect, test } from 'vitest'
import { LeaseLost, Misuse, OutcomeUnknown, StaleToken, StoreUnavailable, Unsupported, WaitTimeout } from '../index.ts'
import { httpAnswer } from './http-answer.ts'

const details = { resource: 'seat:14A' }
const answers = [
  [new WaitTimeout('"seat:14A" is held by worker 7', { ...details, waitedMs: 5 }), 409, '1'],
  [new LeaseLost('"seat:14A" was lost', details), 423, undefined],
  [new StaleToken('"seat:14A" has seen 8', { ...details, held: 7n, needed: 8n }), 423, undefined],
  [new StoreUnavailable('redis://cache.internal refused', details), 503, '2'],
  [new OutcomeUnknown('no answer for "seat:14A"', details), 503, undefined],
] as const

test.each(answers)('%s is answered with %i', (error, status, retryAfter) => {
  const answer = httpAnswer(error)
  expect(answer).toMatchObject({ status, body: { status, code: error.code } })
  expect(answer?.headers['retry-after']).toBe(retryAfter)
})

test.each(answers)('the answer to %s has no names of locks, owners and hosts in it', (error) => {
  expect(JSON.stringify(httpAnswer(error))).not.toMatch(/14A|worker|internal/)
})

test('mistakes of the program and errors of others are left to its own error handler', () => {
  expect(httpAnswer(new Misuse('no name'))).toBeUndefined()
  expect(httpAnswer(new Unsupported('no semaphores'))).toBeUndefined()
  expect(httpAnswer(new Error('the card was refused'))).toBeUndefined()
  expect(httpAnswer(undefined)).toBeUndefined()
})
