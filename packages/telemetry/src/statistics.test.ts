/** What is counted and measured while real clients take, wait for, lose and give back locks. */
import { channel } from 'node:diagnostics_channel'
import { DatabaseSync } from 'node:sqlite'
import { acceptSequencer, holdfast, type Locks, StaleToken } from 'holdfast'
import { fence } from 'holdfast/guards/sqlite'
import { memory, memoryEngine } from 'holdfast/memory'
import { onCall, unreliable, virtualClock } from 'holdfast/testing'
import { expect, onTestFinished, test } from 'vitest'
import { LABELS_MAX, LockStatistics, METRICS, type StatisticsOptions } from './index.ts'

interface Watch {
  /** Sums over all series whose attributes have these values. */
  count(name: keyof typeof METRICS, having?: Record<string, string>): number
  /** Seconds, in the order they came. */
  durations(name: keyof typeof METRICS, having?: Record<string, string>): readonly number[]
  labels(): ReadonlySet<string>
  readonly told: string[]
}

function watch(options: StatisticsOptions = {}): Watch {
  const measured: { name: string; attributes: Readonly<Record<string, string>>; seconds: number }[] = []
  const told: string[] = []
  const statistics = new LockStatistics(
    ({ name }, attributes) =>
      (seconds) =>
        void measured.push({ name, attributes, seconds }),
    { onTrouble: (words) => void told.push(words), ...options },
  )
  onTestFinished(() => statistics.stop())
  const fits = (attributes: Readonly<Record<string, string>>, having: Record<string, string>): boolean =>
    Object.entries(having).every(([key, value]) => attributes[key] === value)
  return {
    told,
    count: (name, having = {}) =>
      [...statistics.counts()]
        .filter(({ metric, attributes }) => metric === METRICS[name] && fits(attributes, having))
        .reduce((sum, { value }) => sum + value, 0),
    durations: (name, having = {}) => {
      statistics.flush()
      return measured
        .filter((each) => each.name === METRICS[name].name && fits(each.attributes, having))
        .map(({ seconds }) => seconds)
    },
    labels: () => new Set([...statistics.counts()].map(({ attributes }) => attributes['holdfast.lock.label'] ?? '')),
  }
}

function clients(): { readonly clock: ReturnType<typeof virtualClock>; readonly open: () => Locks } {
  const [clock, engine] = [virtualClock(), memoryEngine()]
  return { clock, open: () => holdfast(memory(engine), { clock, ttl: '9s' }) }
}

test('attempts are counted by how they ended, and waits and holds are measured', async () => {
  const seen = watch()
  const { clock, open } = clients()
  const [one, two] = [open(), open()]
  const lease = await one.acquire('seat')
  expect(await two.tryAcquire('seat')).toBeNull()
  const late = two.acquire('seat', { wait: '1s' })
  late.catch(() => undefined)
  await clock.advance(1_100)
  const waiting = two.acquire('seat', { wait: '1m' })
  await clock.advance(10)
  expect([seen.count('waiting'), seen.count('held'), seen.count('contended')]).toEqual([1, 1, 2])
  await clock.advance(1_990)
  await lease.release()
  await clock.advance(10)
  await (await waiting).release()
  const ended = (outcome: string): number => seen.count('attempts', { 'holdfast.outcome': outcome })
  expect(['acquired', 'busy', 'timeout', 'failed'].map(ended)).toEqual([2, 1, 1, 0])
  expect([seen.count('waiting'), seen.count('held'), seen.count('contended')]).toEqual([0, 0, 2])
  expect(seen.durations('wait', { 'holdfast.outcome': 'timeout' })[0]).toBeCloseTo(1, 1)
  expect(seen.durations('wait', { 'holdfast.outcome': 'acquired' })[1]).toBeCloseTo(2, 1)
  expect(seen.durations('hold', { 'holdfast.outcome': 'released' })[0]).toBeCloseTo(3.1, 1)
})

test('a lost lease is counted by its cause and is no longer held, also when it is released afterwards', async () => {
  const seen = watch()
  const { clock, open } = clients()
  const locks = open()
  const lease = await locks.acquire('seat')
  await locks.evict('seat', { token: lease.token, reason: 'the node is drained' })
  await clock.advance(4_000)
  expect(seen.count('lost', { 'holdfast.cause': 'evicted' })).toBe(1)
  await lease.release()
  expect([seen.count('lost'), seen.count('held')]).toEqual([1, 0])
  expect(seen.durations('hold', { 'holdfast.outcome': 'lost' })).toHaveLength(1)
  expect(seen.durations('hold')).toHaveLength(1)
})

test('the first loss and the first refusal are a rise from 0 that was there to see', async () => {
  const seen = watch()
  const { open } = clients()
  using db = new DatabaseSync(':memory:')
  const lease = await open().acquire('seat')
  fence(db).enter(lease)
  const zeros = [...seen.labels()]
  expect(zeros).toContain('seat')
  expect(seen.count('guardAsked')).toBe(1)
  expect(seen.count('guardRefused', { 'holdfast.guard.name': 'sqlite' })).toBe(0)
  expect(seen.count('lost')).toBe(0)
  await lease.release()
})

test('a refused write is counted for its guard, with how much older its token was', async () => {
  const seen = watch()
  const { clock, open } = clients()
  const locks = open()
  using db = new DatabaseSync(':memory:')
  const guard = fence(db)
  const first = await locks.acquire('seat')
  const late = acceptSequencer(first.sequencer, { namespace: 'default', name: 'seat', mode: 'exclusive' })
  await first.release()
  await clock.advance(2_000)
  const second = await locks.acquire('seat')
  guard.enter(second)
  expect(() => guard.enter(late)).toThrow(StaleToken)
  expect(seen.count('guardRefused', { 'holdfast.guard.name': 'sqlite' })).toBe(1)
  expect(seen.durations('staleness')).toHaveLength(1)
  expect(seen.durations('staleness')[0]).toBeCloseTo(Number(second.token - late.token) / 1e6, 6)
  await second.release()
})

test('renewals tell how late they were sent, and a failed one is counted', async () => {
  const seen = watch()
  const clock = virtualClock()
  let refuse = true
  const store = unreliable(memory(), (_, method) =>
    method === 'renew' && refuse ? { kind: 'unavailable' } : undefined,
  )
  const locks = holdfast(store, { clock, ttl: '9s' })
  const lease = await locks.acquire('seat')
  await clock.advance(3_400)
  expect(seen.count('jeopardy')).toBeGreaterThan(0)
  refuse = false
  await clock.advance(4_000)
  expect(seen.durations('lateness').length).toBeGreaterThan(0)
  await lease.release()
})

test('a store that answers is up and has its class; one that does not is down', async () => {
  const seen = watch()
  const clock = virtualClock()
  const store = unreliable(memory(), onCall(2, { kind: 'unavailable' }))
  const locks = holdfast(store, { clock, ttl: '9s' })
  const lease = await locks.acquire('seat')
  expect([seen.count('storeUp'), seen.count('storeClass')]).toEqual([1, 0])
  const asking = locks.inspect('seat').catch(() => undefined)
  await clock.advance(10)
  await asking
  expect(seen.count('storeUp')).toBe(0)
  await lease.release()
  expect(seen.count('storeUp')).toBe(1)
  expect(seen.durations('request', { 'holdfast.store.operation': 'enter', 'holdfast.outcome': 'ok' })).toHaveLength(1)
  expect(seen.durations('request', { 'holdfast.outcome': 'unavailable' })).toHaveLength(1)
})

test('ten thousand names and reasons are at most fifty-one labels', async () => {
  const seen = watch({ label: (name) => name })
  const { open } = clients()
  const locks = open()
  for (let index = 0; index < 10_000; index += 1) {
    await locks.using(`name ${index}`, () => undefined)
    const about = { namespace: 'default', name: `name ${index}`, mode: 'exclusive', attempt: -index, token: 1n }
    channel('holdfast:lost').publish({ ...about, heldMs: 1, because: 'evicted', reason: `reason ${index}` })
  }
  // The store has a series of its own, without a lock.
  expect(seen.labels().size).toBe(LABELS_MAX + 2)
  expect(seen.count('lost')).toBe(10_000)
  expect(seen.told).toHaveLength(1)
})

test('a label and a system of metrics that throw are told, and disturb no lock', async () => {
  const seen = watch({
    label: () => {
      throw new Error('no such tenant')
    },
  })
  const { open } = clients()
  expect(await open().using('seat', () => 'sold')).toBe('sold')
  expect(seen.told[0]).toContain('no such tenant')
})

test('durations come in the order they were measured, when they are asked for or when there are many', async () => {
  const seconds: number[] = []
  const statistics = new LockStatistics(
    ({ name }) =>
      (each) =>
        void (name === METRICS.hold.name && seconds.push(each)),
  )
  onTestFinished(() => statistics.stop())
  const publish = (heldMs: number): void => {
    const about = { namespace: 'default', name: 'seat', mode: 'exclusive', attempt: -1, token: 1n }
    channel('holdfast:acquired').publish({ ...about, waitedMs: 0 })
    channel('holdfast:released').publish({ ...about, heldMs, outcome: 'released' })
  }
  publish(1_000)
  publish(2_000)
  expect(seconds).toEqual([])
  statistics.flush()
  expect(seconds).toEqual([1, 2])
  for (let index = 0; index < 2_000; index += 1) publish(3_000)
  expect(seconds.length).toBeGreaterThan(1_000)
  statistics.stop()
  expect(seconds).toHaveLength(2_002)
})
