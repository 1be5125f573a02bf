import { expect, test } from 'vitest'
import type { NatsStream } from '../nats-driver/stream.ts'
import { natsFactsOf } from './facts.ts'

const config: NatsStream['config'] = {
  storage: 'file',
  num_replicas: 3,
  retention: 'limits',
  discard: 'new',
  max_age: 0,
  max_bytes: -1,
  max_msgs: -1,
}
const server = { version: '2.11.4', syncsAlways: true, isDeaf: false }

test('three replicas that sync each write are consensus, one is durable, and what does not sync is best-effort', () => {
  const classOf = (replicas: number, changes: Partial<typeof server> = {}): string =>
    natsFactsOf({ config: { ...config, num_replicas: replicas } }, { ...server, ...changes }).safetyClass
  expect(classOf(3)).toBe('consensus')
  expect(classOf(1)).toBe('durable')
  expect(classOf(3, { syncsAlways: false })).toBe('best-effort')
})

test('a server too old to sync each write is not believed, and a bucket in memory never', () => {
  const old = natsFactsOf({ config }, { ...server, version: '2.9.10' })
  expect(old).toMatchObject({
    safetyClass: 'best-effort',
    reasons: expect.arrayContaining([expect.stringMatching(/2\.10/)]),
  })
  const memory = natsFactsOf({ config: { ...config, storage: 'memory' } }, server)
  expect(memory).toMatchObject({ safetyClass: 'best-effort' })
  expect(memory.reasons.join()).toMatch(/in memory alone/)
  expect(memory.lockRisks.join()).toMatch(/loses its power/)
})

test('a user that may not hear notices polls', () => {
  expect(natsFactsOf({ config }, server).wakeUp).toBe('push')
  expect(natsFactsOf({ config }, { ...server, isDeaf: true }).wakeUp).toBe('poll')
})

test('a bucket that forgets after thirty days is taken: a line in use is written sooner', () => {
  const days = (count: number): NatsStream['config'] => ({ ...config, max_age: count * 86_400_000_000_000 })
  expect(natsFactsOf({ config: days(30) }, server).safetyClass).toBe('consensus')
  expect(() => natsFactsOf({ config: days(1) }, server)).toThrow(/max-age/)
  expect(() => natsFactsOf({ config: { ...config, mirror: {} } }, server)).toThrow(/mirrors another bucket/)
})
