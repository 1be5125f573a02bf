/** Which facts of a store keep a rate, and which deny it with a reason. */
import { expect, test } from 'vitest'
import type { Facts } from '../../store/facts.ts'
import { rateDenial } from './permit-support.ts'

const exact: Facts = {
  engine: 'an engine',
  safetyClass: 'durable',
  reasons: [],
  clock: 'its own',
  expiry: 'engine',
  tokens: 'a counter',
  order: 'fifo',
  wakeUp: 'push',
  ttl: { per: 'claim', granularityMs: 1_000, minMs: 1_000, maxMs: 60_000 },
  lockRisks: [],
  tokenRisks: [],
  unsupported: {},
}

test('a store that ends claims exactly keeps a rate, in its steps and its bounds', () => {
  expect(rateDenial(exact, 2_000)).toBeUndefined()
  for (const perMs of [500, 1_500, 61_000]) {
    expect(rateDenial(exact, perMs)).toMatch(/from 1s to 1m in steps of 1s, got/)
  }
})

test('claims that end with a session, that are observed, or that have no weight keep none', () => {
  expect(rateDenial({ ...exact, ttl: { ...exact.ttl, per: 'session' } }, 2_000)).toMatch(/ends with its session/)
  expect(rateDenial({ ...exact, expiry: 'observed' }, 2_000)).toMatch(/first saw it/)
  expect(rateDenial({ ...exact, unsupported: { semaphore: 'one owner a node' } }, 2_000)).toBe('one owner a node')
})
