import { expect, test } from 'vitest'
import { NotApplied, OutcomeUnknown, StoreUnavailable } from '../../store/errors.ts'
import { NatsRefusal, natsError } from './errors.ts'

const meant = (error: Error): unknown => natsError(error, 'changing a line')
const refusal = (number: number, code = 400): NatsRefusal =>
  new NatsRefusal({ code, err_code: number, description: 'the words of NATS' })
const said = (name: string, cause?: Error): Error => Object.assign(new Error('their words', { cause }), { name })

test('without a leader nothing was done, and it may be asked again', () => {
  for (const number of [10_008, 10_009]) expect(meant(refusal(number, 503))).toBeInstanceOf(NotApplied)
  expect(meant(said('NoRespondersError'))).toMatchObject({
    code: 'NOT_APPLIED',
    message: expect.stringMatching(/more than half.*The driver said: their words/s),
  })
})

test('no answer in time and a failure inside are unknown', () => {
  expect(meant(said('TimeoutError'))).toBeInstanceOf(OutcomeUnknown)
  expect(meant(refusal(10_000, 503))).toBeInstanceOf(OutcomeUnknown)
  expect(meant(Object.assign(new Error('read'), { code: 'ECONNRESET' }))).toBeInstanceOf(OutcomeUnknown)
})

test('a missing right, a wrong login and a server without JetStream are told apart, and final', () => {
  const words: readonly (readonly [Error, RegExp])[] = [
    [said('PermissionViolationError'), /subjects that a store needs/],
    [said('RequestError', said('PermissionViolationError')), /subjects that a store needs/],
    [said('AuthorizationError'), /refused the login/],
    [said('UserAuthenticationExpiredError'), /have expired/],
    [refusal(10_076, 503), /start it with -js/],
    [refusal(10_039, 503), /no JetStream for this account/],
  ]
  for (const [error, way] of words) {
    expect(meant(error)).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      isFinal: true,
      message: expect.stringMatching(way),
    })
  }
})

test('a bucket that is full or was deleted cannot be used now, and may be later', () => {
  for (const number of [10_023, 10_047, 10_059]) {
    expect(meant(refusal(number))).toBeInstanceOf(StoreUnavailable)
    expect(meant(refusal(number))).toMatchObject({ isFinal: false })
  }
})

test('an error that was translated already stays what it is, whatever it came from', () => {
  const translated = meant(said('PermissionViolationError'))
  expect(natsError(translated, 'opening')).toBe(translated)
})
