/**
 * What a network or a driver hands over late, or twice: no request may become a claim without a process. The scripts run
 * with a clock that the test sets.
 */
import { afterAll, beforeEach, expect, test } from 'vitest'
import * as server from '@holdfast/testbed/engines/redis/server'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { NotApplied } from '../../store/errors.ts'
import { claim, held, Stage } from './redis.fixture.ts'
import { scripts } from './scripts.ts'
import { type TimedOptions, TimedServer } from './timed-server.fixture.ts'

const SECOND_US = 1_000_000n
const stage = new Stage()
let timed: TimedServer
let nowUs = 0n
let names = 0
/** The enters that were sent, each with the way to send it again. */
let sent: (() => Promise<unknown>)[] = []
/** Whether the next enter gets lost, to come later. */
let isLost = false

beforeEach(async (context) => {
  await requireEngine(context, server)
  timed ??= await TimedServer.start(stage, { through: keepEnters })
  ;[sent, isLost] = [[], false]
  nowUs = BigInt(Date.now()) * 1000n
  await timed.set(nowUs)
  // An answer tells the store the time.
  await timed.store.enter(claim(fresh())).catch(() => undefined)
  sent = []
})
afterAll(() => stage[Symbol.asyncDispose]())

const keepEnters: NonNullable<TimedOptions['through']> = (words, send) => {
  if (words[1] !== scripts.enter.sha) return send(words)
  sent.push(() => send(words))
  return isLost ? Promise.reject(new Error('the connection broke')) : send(words)
}

const fresh = (): string => `n!late${(names += 1)}`

async function pass(us: bigint): Promise<void> {
  nowUs += us
  await timed.set(nowUs)
}

/** What one of the enters of this test is answered when it is sent once more. */
async function again(place = 0): Promise<readonly unknown[]> {
  const answers = await sent[place]?.()
  const [answer] = Array.isArray(answers) ? (answers as readonly unknown[]) : []
  return Array.isArray(answer) ? answer : []
}

async function states(resource: string): Promise<string[]> {
  return (await timed.store.look(resource)).claims.map(({ state }) => state)
}

test.each([
  ['of a free line', {}, 0],
  ['of a claim with a lock-delay', { lockDelayMs: 1_000 }, 0],
  ['of a line with waiters', {}, 2],
])(
  'an enter %s that comes again after its claim was left begins nothing, when it is too late',
  async (_, changes, waiters) => {
    const mine = claim(fresh(), { ...changes, ttlMs: 60_000 })
    held(await timed.store.enter(mine))
    for (let count = 0; count < waiters; count += 1) await timed.store.enter(claim(mine.resource, { ttlMs: 60_000 }))
    await timed.store.leave(mine)
    const before = await states(mine.resource)
    await pass(5n * SECOND_US + 200_000n)
    // The time that a lease lasts that was handed over and not confirmed.
    const after = waiters > 0 ? before.slice(1).with(0, 'held') : before
    expect(await again()).toEqual(['late', String(nowUs)])
    expect(await states(mine.resource)).toEqual(after)
  },
)

test('an enter that comes again, and too late, while its claim lives reads where it stands', async () => {
  const [mine, other] = [claim(fresh(), { ttlMs: 60_000 }), claim(fresh(), { ttlMs: 60_000 })]
  const { token } = held(await timed.store.enter(mine))
  await timed.store.enter({ ...other, resource: mine.resource })
  await pass(6n * SECOND_US)
  expect(await again()).toEqual(['held', String(nowUs), String(token), '54000000', '0'])
  expect((await again(1)).slice(0, 3)).toEqual(['queued', String(nowUs), '0'])
})

test('an enter that comes too late for the first time did nothing, says so, and the next one is in time', async () => {
  const mine = claim(fresh())
  await pass(6n * SECOND_US)
  await expect(timed.store.enter(mine)).rejects.toThrow(NotApplied)
  expect(await states(mine.resource)).toEqual([])
  held(await timed.store.enter(mine))
})

test.each([
  ['a free line', 0, []],
  ['a lock that another claim got', 1, ['held']],
  ['a line with waiters', 2, ['held', 'waiting']],
])('an id that left %s in doubt is remembered until its requests are too late', async (_, others, expected) => {
  const mine = claim(fresh())
  await timed.store.enter(mine)
  expect(await timed.store.leave(mine, { outcomeUnknown: true })).toBe('left')
  for (let count = 0; count < others; count += 1) await timed.store.enter(claim(mine.resource))
  expect(await again()).toEqual(['gone'])
  // A claim that leaves meanwhile does not make the line forget it.
  await timed.store.leave(claim(mine.resource))
  await pass(2n * SECOND_US)
  expect(await again()).toEqual(['gone'])
  expect(await states(mine.resource)).toEqual(expected)
  await pass(4n * SECOND_US)
  expect(await again()).toEqual(['late', String(nowUs)])
})

test('an id that left in doubt is remembered, also when its claim held a lonely lock and named its token', async () => {
  const mine = claim(fresh())
  const { token } = held(await timed.store.enter(mine))
  expect(await timed.store.leave({ ...mine, token }, { outcomeUnknown: true })).toBe('left')
  expect(await again()).toEqual(['gone'])
  expect(await states(mine.resource)).toEqual([])
})

test('an id whose request a driver may have sent twice is remembered as well', async () => {
  const doubling = await TimedServer.start(stage, { resends: true, through: keepEnters })
  await doubling.set(nowUs)
  // An answer tells the store the time.
  await doubling.store.enter(claim(fresh())).catch(() => undefined)
  const mine = claim(fresh())
  sent = []
  const { token } = held(await doubling.store.enter(mine))
  expect(await doubling.store.leave({ ...mine, token })).toBe('left')
  expect(await again()).toEqual(['gone'])
})

test('an id that left before it arrived is remembered, and keeps no other claim from the lock', async () => {
  const mine = claim(fresh())
  isLost = true
  await expect(timed.store.enter(mine)).rejects.toThrow('failed before the answer came')
  isLost = false
  expect(await timed.store.leave(mine, { outcomeUnknown: true })).toBe('gone')
  expect(await timed.isClaimed(mine.resource)).toBe(false)
  const next = claim(mine.resource)
  const { token } = held(await timed.store.enter(next))
  expect(await timed.store.leave({ ...next, token })).toBe('left')
  expect(await again()).toEqual(['gone'])
  expect(await states(mine.resource)).toEqual([])
})

test('what is remembered ends with its keys, and with the next claim after it', async () => {
  const [mine, other] = [claim(fresh()), claim(fresh())]
  // Without a doubt nothing is remembered.
  await timed.store.leave(other)
  expect((await timed.keysOf(other.resource)).size).toBe(0)
  await timed.store.leave(mine, { outcomeUnknown: true })
  const keys = await timed.keysOf(mine.resource)
  expect([...keys.values()].every((leftMs) => leftMs > 0 && leftMs < 60_000)).toBe(true)
  expect(keys.size).toBe(2)
  await pass(4n * SECOND_US)
  const next = claim(mine.resource)
  const { token } = held(await timed.store.enter(next))
  await pass(2n * SECOND_US)
  await timed.store.leave({ ...next, token })
  expect((await timed.keysOf(mine.resource)).size).toBe(0)
})
