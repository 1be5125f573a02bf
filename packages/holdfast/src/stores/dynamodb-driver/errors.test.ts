import { expect, test } from 'vitest'
import { NotApplied, OutcomeUnknown, StoreUnavailable } from '../../store/errors.ts'
import { dynamodbError } from './errors.ts'

const said = (name: string, message = 'the words of Amazon', more: object = {}): Error =>
  Object.assign(new Error(message), { name, $fault: 'client', $metadata: { attempts: 1 }, ...more })
const meant = (error: Error): unknown => dynamodbError(error, 'changing a line')

test('throttling did nothing and may be asked again, in the words of Amazon', () => {
  for (const name of ['ThrottlingException', 'ProvisionedThroughputExceededException', 'RequestLimitExceeded']) {
    const error = meant(said(name, 'Rate exceeded'))
    expect(error).toBeInstanceOf(NotApplied)
    expect(error).toMatchObject({ message: expect.stringMatching(/throttled.*The driver said: Rate exceeded/) })
  }
})

test('throttling of a request that the SDK sent more than once leaves open what became of the first', () => {
  const again = said('ThrottlingException', 'Rate exceeded', { $metadata: { attempts: 3 } })
  expect(meant(again)).toBeInstanceOf(OutcomeUnknown)
})

test('no answer in time, a failure inside and a broken connection are unknown', () => {
  expect(meant(said('TimeoutError'))).toBeInstanceOf(OutcomeUnknown)
  expect(meant(said('InternalServerError', 'x', { $fault: 'server' }))).toBeInstanceOf(OutcomeUnknown)
  expect(meant(said('SomethingNew', 'x', { $fault: 'server' }))).toBeInstanceOf(OutcomeUnknown)
  expect(meant(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }))).toBeInstanceOf(OutcomeUnknown)
  expect(meant(Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }))).toBeInstanceOf(StoreUnavailable)
})

test('expired credentials, unknown ones, a missing right and a missing table are told apart, and final', () => {
  const words = {
    ExpiredTokenException: /have expired: log in again/,
    UnrecognizedClientException: /does not know these credentials/,
    AccessDeniedException: /does not allow these credentials.*policy/,
    ResourceNotFoundException: /does not have the table.*dynamodbSchema/,
    CredentialsProviderError: /without credentials/,
    InvalidSignatureException: /clock of this machine is off by more than five minutes/,
  }
  for (const [name, way] of Object.entries(words)) {
    expect(meant(said(name))).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      isFinal: true,
      message: expect.stringMatching(way),
    })
  }
})

test('a signature that was refused for the clock is asked again, once the SDK has set it right', () => {
  const corrected = said('InvalidSignatureException', 'x', { $metadata: { attempts: 1, clockSkewCorrected: true } })
  expect(meant(corrected)).toBeInstanceOf(NotApplied)
})
