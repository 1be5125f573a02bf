/** How high tokens may get: the floor that all locks of a server share, its roof, and moving it. */
import { afterAll, beforeEach, expect, test } from 'vitest'
import * as server from '@holdfast/testbed/engines/redis/server'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { StoreUnavailable } from '../../store/errors.ts'
import { claim, held, Stage } from './redis.fixture.ts'
import { TimedServer } from './timed-server.fixture.ts'

const HOUR_US = 3_600_000_000n
/** A clock read in milliseconds: within one of them tokens rise by one. */
const LIMIT_US = HOUR_US + 1_000n
const DAY_US = 24n * HOUR_US
const stage = new Stage()
let timed: TimedServer
let names = 0

beforeEach(async (context) => {
  await requireEngine(context, server)
  timed ??= await TimedServer.start(stage)
  await timed.forgetTokens()
})
afterAll(() => stage[Symbol.asyncDispose]())

const fresh = (): string => `n!scale${(names += 1)}`
const wallUs = (): bigint => BigInt(Date.now()) * 1000n

/** Late for the first time after the clock was set: the next ask is in time. */
async function tokenOf(resource: string, changes = {}): Promise<bigint> {
  const mine = claim(resource, changes)
  await timed.store.enter(mine).catch(() => undefined)
  return held(await timed.store.enter(mine)).token
}

test('tokens rise over all names of a server, also after its clock was set back', async () => {
  let last = 0n
  for (const ahead of [0n, 0n, -HOUR_US, -DAY_US, 0n]) {
    await timed.set(wallUs() + ahead)
    for (const changes of [{}, { lockDelayMs: 1_000 }]) {
      const token = await tokenOf(fresh(), changes)
      expect(token).toBeGreaterThan(last)
      last = token
    }
  }
})

test.each([
  ['the short way', {}],
  ['the long way', { lockDelayMs: 1_000 }],
])('%s, tokens follow a clock that is days ahead for an hour beyond that of the asker', async (_, changes) => {
  await timed.set(wallUs())
  const before = await tokenOf(fresh(), changes)
  await timed.set(wallUs() + 2n * DAY_US)
  const ahead = await tokenOf(fresh(), changes)
  expect(ahead - wallUs()).toBeLessThanOrEqual(LIMIT_US)
  expect(ahead).toBeGreaterThan(before + HOUR_US / 2n)
  await timed.set(wallUs())
  const after = await tokenOf(fresh(), changes)
  expect(after).toBeGreaterThan(ahead)
  expect(after - wallUs()).toBeLessThanOrEqual(LIMIT_US)
})

test('a turn that is handed over under such a clock has no token that is further ahead', async () => {
  await timed.set(wallUs())
  const [first, second] = [claim(fresh(), { ttlMs: 86_400_000 }), claim('')]
  const ref = { ...first, token: held(await timed.store.enter(first)).token }
  const waiter = { ...second, resource: first.resource, ttlMs: 86_400_000 }
  expect((await timed.store.enter(waiter)).kind).toBe('queued')
  await timed.set(wallUs() + 10_000_000n)
  await timed.set(wallUs() + 5n * HOUR_US)
  // The place of the waiter has ended meanwhile: it stands in line anew.
  await timed.store.enter(waiter).catch(() => undefined)
  expect((await timed.store.enter(waiter)).kind).toBe('queued')
  expect(await timed.store.leave(ref)).toBe('left')
  const { token } = held(await timed.store.enter(waiter))
  expect(token).toBeGreaterThan(ref.token)
  expect(token - wallUs()).toBeLessThanOrEqual(LIMIT_US)
})

test.each([
  ['the short way', {}],
  ['the long way', { lockDelayMs: 1_000 }],
])(
  '%s, a server that remembers no token grants nothing by a clock that the asker does not agree with',
  async (_, changes) => {
    await timed.set(wallUs() + 2n * HOUR_US)
    const mine = claim(fresh(), changes)
    await timed.store.enter(mine).catch(() => undefined)
    const refused = timed.store.enter(mine)
    await expect(refused).rejects.toBeInstanceOf(StoreUnavailable)
    await expect(refused).rejects.toThrow(
      /clock of Redis \(\d+ ms since 1970\) is .* ahead of the clock of this machine/,
    )
    expect((await timed.store.look(mine.resource)).claims).toEqual([])
    await timed.set(wallUs())
    expect(await tokenOf(fresh(), changes)).toBeLessThanOrEqual(wallUs() + HOUR_US)
  },
)

test('the scale is shown, moved up and moved down, and tokens come right behind it', async () => {
  await timed.set(wallUs())
  expect(await timed.store.rebase?.()).toEqual({ highest: 0n })
  const token = await tokenOf(fresh())
  expect(await timed.store.rebase?.()).toEqual({ highest: token })
  const up = wallUs() + 3n * DAY_US
  expect(await timed.store.rebase?.(up)).toEqual({ highest: token })
  expect(await tokenOf(fresh())).toBe(up + 1n)
  const down = wallUs() + HOUR_US / 2n
  expect(await timed.store.rebase?.(down)).toEqual({ highest: up + 1n })
  expect(await tokenOf(fresh())).toBe(down + 1n)
  await expect(timed.store.rebase?.(2n ** 53n)).rejects.toThrow(/exactly up to 9007199254740991/)
})
