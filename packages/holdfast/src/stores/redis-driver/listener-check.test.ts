import { expect, test } from 'vitest'
import { timersOf } from '../../store/environment.ts'
import { type VirtualClock, virtualClock } from '../../testing/virtual-clock.ts'
import { ListenerCheck } from './listener-check.ts'

interface Scene {
  readonly clock: VirtualClock
  readonly check: ListenerCheck
  readonly published: string[]
  /** How often the listener was found deaf. */
  readonly deaf: () => number
}

function scene(hears: (channel: string) => boolean, publishes: () => boolean = () => true): Scene {
  const clock = virtualClock()
  const published: string[] = []
  let deaf = 0
  const check: ListenerCheck = new ListenerCheck({
    clock,
    timers: timersOf(clock),
    publish(channel, text) {
      if (!publishes()) return Promise.reject(new Error('no answer'))
      published.push(channel)
      if (hears(channel)) setImmediate(() => check.heard(channel, text))
      return Promise.resolve(1)
    },
    onDeaf: () => (deaf += 1),
  })
  return { clock, check, published, deaf: () => deaf }
}

/** Ten milliseconds at a time, so that what is answered meanwhile is heard in time. */
async function pass({ clock }: Scene, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 10) {
    await clock.advance(10)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

test('a claim that begins to wait asks at once, and a listener that hears is asked every five seconds and left alone', async () => {
  const hearing = scene(() => true)
  const stop = hearing.check.wait('own')
  expect(hearing.published).toEqual(['own'])
  await pass(hearing, 21_000)
  expect(hearing.published.length).toBeGreaterThanOrEqual(3)
  expect(hearing.published.length).toBeLessThanOrEqual(6)
  expect(hearing.deaf()).toBe(0)
  const { length } = hearing.published
  stop()
  await pass(hearing, 20_000)
  expect(hearing.published).toHaveLength(length)
})

test('as long as messages come nothing is asked', async () => {
  const busy = scene(() => true)
  busy.check.heard('own', 'held|…')
  busy.check.wait('own')
  await pass(busy, 100)
  const asked = busy.published.length
  for (let second = 0; second < 20; second += 1) {
    expect(busy.check.heard('own', 'held|…')).toBe(false)
    await pass(busy, 1_000)
  }
  expect(busy.published).toHaveLength(asked)
})

test('a listener that hears neither of two messages is deaf', async () => {
  const deaf = scene(() => false)
  deaf.check.wait('own')
  await pass(deaf, 1_500)
  expect(deaf.deaf()).toBe(0)
  await pass(deaf, 700)
  expect(deaf.published).toEqual(['own', 'own'])
  expect(deaf.deaf()).toBe(1)
})

test('a turn that came without its message is asked about, though messages came a moment ago', async () => {
  const deaf = scene(() => false)
  deaf.check.wait('own')
  deaf.check.heard('own', 'head|…')
  await pass(deaf, 100)
  const before = deaf.published.length
  deaf.check.ask('own')
  await pass(deaf, 2_200)
  expect(deaf.published.length).toBeGreaterThan(before)
  expect(deaf.deaf()).toBe(1)
})

test('a server that does not answer says nothing about the listener', async () => {
  const silent = scene(
    () => false,
    () => false,
  )
  silent.check.wait('own')
  await pass(silent, 10_000)
  expect(silent.deaf()).toBe(0)
})

test('each of many channels is asked in its turn, and not all at once', async () => {
  const cluster = scene(() => true)
  for (let line = 0; line < 100; line += 1) {
    cluster.check.heard(`line ${line}`, 'held|…')
    cluster.check.wait(`line ${line}`)
  }
  await pass(cluster, 200)
  cluster.published.length = 0
  await pass(cluster, 5_100)
  expect(cluster.published.length).toBeLessThanOrEqual(64)
  await pass(cluster, 20_000)
  expect(new Set(cluster.published).size).toBe(100)
})

test('after it was closed it asks nothing, and finds nothing deaf', async () => {
  const closed = scene(() => false)
  closed.check.wait('own')
  closed.check.close()
  closed.check.ask('own')
  await pass(closed, 10_000)
  expect(closed.published).toEqual(['own'])
  expect(closed.deaf()).toBe(0)
})
