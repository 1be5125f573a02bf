/**
 * A driver that sends a run again after a long silence, and a server whose clock is set: the work is done once at most.
 * @module-tag real-time
 */
import { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, test } from 'vitest'
import * as server from '@holdfast/testbed/engines/redis/server'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { requireAbility } from '@holdfast/testbed/os/rights'
import { locate, openSkewedClock, type SkewedClock } from '@holdfast/testbed/os/skewed-clock'
import type { Clock } from '../../time/clock.ts'
import { OutcomeUnknown, StoreUnavailable } from '../../store/errors.ts'
import { virtualClock } from '../../testing/virtual-clock.ts'
import { fence, type RedisFence } from './index.ts'
import { ServerTime } from './once.ts'

const LEASE = { namespace: 'shop', name: 'stock', mode: 'exclusive', token: 34n, assertHeld: () => undefined } as const
const SOLD = '{shop!stock}:sold'
const SELL = { lua: "return redis.call('INCR', KEYS[1])", keys: [SOLD] }
const [LATE_MS, VERY_LATE_MS, HOUR_MS] = [45_000, 70_000, 3_600_000]
const endings: (() => unknown)[] = []

beforeEach(async (context) => {
  await requireEngine(context, server)
  await requireAbility(context, locate)
})
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end()
})

interface Scene {
  readonly guard: RedisFence
  readonly client: Redis
  readonly clock: SkewedClock
  /** Commands that were sent. */
  readonly sent: string[][]
  /** How the next scripts come to the server, one after the other; then as they are sent. */
  readonly disturbances: ((send: () => Promise<unknown>) => Promise<unknown>)[]
  passes(ms: number): void
}

async function opened(): Promise<Scene> {
  const clock = await openSkewedClock()
  endings.push(() => clock.close())
  const engine = await server.start({ environment: clock.environment })
  const client = new Redis(engine.url)
  endings.push(
    () => engine.close(),
    () => client.disconnect(),
  )
  const [sent, disturbances]: [string[][], Scene['disturbances']] = [[], []]
  const guard = fence({
    async send(words) {
      const [command = '', ...args] = words
      sent.push([...words])
      const once = (): Promise<unknown> => client.call(command, args)
      return (disturbances.shift() ?? ((send) => send()))(once)
    },
  })
  // The texts of the scripts are known to the server by now.
  await guard.enter({ ...LEASE, name: 'warm' })
  for (const repeatable of [false, true])
    await guard.run({ ...LEASE, name: 'warm' }, { ...SELL, keys: ['warm'], repeatable })
  sent.length = 0
  return { guard, client, clock, sent, disturbances, passes: (ms) => clock.set(clock.offsetMs + ms) }
}

test('what is sent again after more than a minute is not carried out again, and nobody says that nothing was done', async () => {
  const { guard, client, disturbances, passes } = await opened()
  disturbances.push(async (send) => {
    await send()
    passes(VERY_LATE_MS)
    return send()
  })
  await expect(guard.run(LEASE, SELL)).rejects.toThrow(OutcomeUnknown)
  expect(await client.get(SOLD)).toBe('1')
  expect(await guard.run(LEASE, SELL)).toBe(2)
})

test('what is sent again before that is known, also when somebody else has entered since', async () => {
  const { guard, client, disturbances, passes } = await opened()
  disturbances.push(async (send) => {
    await send()
    passes(LATE_MS)
    await client.set('holdfast-fence:{shop!stock}', '35')
    return send()
  })
  await expect(guard.run(LEASE, SELL)).rejects.toThrow(OutcomeUnknown)
  expect(await client.get(SOLD)).toBe('1')
})

test('what comes late once was surely not begun, and is asked for again; what comes late twice is told', async () => {
  const { guard, client, sent, disturbances, passes } = await opened()
  const late = (send: () => Promise<unknown>): Promise<unknown> => {
    passes(LATE_MS)
    return send()
  }
  disturbances.push(late)
  expect(await guard.run(LEASE, SELL)).toBe(1)
  expect(sent).toHaveLength(2)
  disturbances.push(late, late)
  await expect(guard.run(LEASE, SELL)).rejects.toThrow(StoreUnavailable)
  expect(sent).toHaveLength(4)
  expect(await client.get(SOLD)).toBe('1')
})

test.each([HOUR_MS, -HOUR_MS])(
  'a clock of the server that is set by %d ms makes nothing happen twice',
  async (byMs) => {
    const { guard, client, disturbances, passes } = await opened()
    passes(byMs)
    disturbances.push(async (send) => {
      await send()
      passes(VERY_LATE_MS)
      return send()
    })
    await expect(guard.run(LEASE, SELL)).rejects.toThrow(OutcomeUnknown)
    expect(await client.get(SOLD)).toBe(byMs > 0 ? null : '1')
    // What the answer said about the clock is known now.
    const before = Number(await client.get(SOLD))
    expect(await guard.run(LEASE, SELL)).toBe(before + 1)
  },
)

test('a run costs one command, and what remembers it is gone within about a minute', async () => {
  const { guard, client, sent } = await opened()
  await guard.run(LEASE, SELL)
  await guard.run(LEASE, SELL)
  await guard.run(LEASE, { ...SELL, repeatable: true })
  expect(sent.map(([command]) => command)).toEqual(['EVALSHA', 'EVALSHA', 'EVALSHA'])
  const remembered = await client.keys('holdfast-fence:{shop!stock}:*')
  expect(remembered).toHaveLength(2)
  for (const key of remembered) {
    expect(await client.pttl(key)).toBeGreaterThan(30_000)
    expect(await client.pttl(key)).toBeLessThanOrEqual(61_000)
  }
})

test('the time of the server is asked for again when an answer took long, and after the machine slept', async () => {
  const inner = virtualClock()
  let sleptMs = 0
  const clock: Clock = { ...inner, monotonicMs: () => inner.monotonicMs(), wallMs: () => inner.wallMs() + sleptMs }
  const time = new ServerTime(clock)
  expect(time.nowMs()).toBeUndefined()
  const askedAt = time.stamp()
  await inner.advance(20)
  time.note(askedAt, 1_000_000)
  await inner.advance(600_000)
  expect(time.nowMs()).toBe(1_600_000)
  sleptMs = HOUR_MS
  expect(time.nowMs()).toBeUndefined()
  time.note(time.stamp(), 5_000_000)
  expect(time.nowMs()).toBe(5_000_000)
  const long = time.stamp()
  await inner.advance(6_000)
  time.note(long, 5_006_000)
  expect(time.nowMs()).toBeUndefined()
})
