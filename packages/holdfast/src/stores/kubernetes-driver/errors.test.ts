import { expect, test } from 'vitest'
import { NotApplied, OutcomeUnknown, StoreUnavailable } from '../../store/errors.ts'
import { KubernetesRefusal, kubernetesError } from './errors.ts'

const meant = (error: Error, isRenewed = false): unknown => kubernetesError(error, 'changing a line', isRenewed)
const refusal = (status: number, more: object = {}): KubernetesRefusal =>
  new KubernetesRefusal(status, { reason: 'Reason', message: 'the words of the API', ...more })

test('what is asked too often did nothing and may be asked again, in the words of the API', () => {
  const error = meant(refusal(429, { reason: 'TooManyRequests' }))
  expect(error).toBeInstanceOf(NotApplied)
  expect(error).toMatchObject({ message: expect.stringMatching(/429 TooManyRequests.*the words of the API/) })
})

test('a failure inside, no answer in time and a broken connection are unknown', () => {
  for (const status of [500, 502, 503, 504, 599]) expect(meant(refusal(status))).toBeInstanceOf(OutcomeUnknown)
  expect(meant(Object.assign(new Error('read'), { code: 'ECONNRESET' }))).toBeInstanceOf(OutcomeUnknown)
  expect(meant(Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }))).toBeInstanceOf(StoreUnavailable)
})

test('a missing right, a wrong login, a missing namespace and another server are told apart, and final', () => {
  const words: readonly (readonly [KubernetesRefusal, RegExp])[] = [
    [refusal(401), /refused the login/],
    [refusal(403), /kubernetesRole\(\)/],
    [refusal(404, { details: { kind: 'namespaces' } }), /does not have the namespace/],
    [new KubernetesRefusal(404, {}), /is it an API server/],
    [refusal(422), /refused the object as invalid/],
    [refusal(451), /refused the request/],
  ]
  for (const [error, way] of words) {
    expect(meant(error)).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      isFinal: true,
      message: expect.stringMatching(way),
    })
  }
})

test('a login that is replaced in its file may be another one soon', () => {
  expect(meant(refusal(401), true)).toMatchObject({ code: 'STORE_UNAVAILABLE', isFinal: false })
})
