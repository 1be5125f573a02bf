import { expect, test } from 'vitest'
import { kubernetesFactsOf } from './facts.ts'

test('an API server over etcd is consensus, one of k3s may be a single file, and a stand-in promises nothing', () => {
  expect(kubernetesFactsOf('v1.33.1', false)).toMatchObject({
    safetyClass: 'consensus',
    expiry: 'observed',
    wakeUp: 'push',
  })
  expect(kubernetesFactsOf('v1.33.1-eks-1234567', false).safetyClass).toBe('consensus')
  expect(kubernetesFactsOf('v1.33.1+k3s1', false).safetyClass).toBe('durable')
  expect(kubernetesFactsOf('v1.33.0-holdfast-stand-in', false)).toMatchObject({
    safetyClass: 'best-effort',
    engine: expect.stringContaining('stand-in'),
  })
})

test('a user that may not watch polls, and is told what is missing', () => {
  const { wakeUp, reasons } = kubernetesFactsOf('v1.33.1', true)
  expect(wakeUp).toBe('poll')
  expect(reasons.join()).toMatch(/list and watch/)
})
