/**
 * One node and its scripts: what it answers to votes that are repeated, late, given up, or somebody else's.
 * @module-tag real-time
 */
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Redis } from 'ioredis'
import * as server from '@holdfast/testbed/engines/redis/server'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import type { Script } from '../redis-driver/script.ts'
import { RedlockKeys } from './keys.ts'
import { RedlockStage } from './redlock.fixture.ts'
import { scripts } from './scripts.ts'

const keys = new RedlockKeys('holdfast')
const stage = new RedlockStage()
const [a, b] = ['a'.repeat(32), 'b'.repeat(32)]
/** Of a node that has its data, under the only list of servers there ever was. */
const LIST = 'list'
const marker = { j: 1, s: 1, m: 60_000, l: LIST, g: 1 }
let node: Redis | undefined
let resource = ''
let names = 0

beforeEach(async (context) => {
  await requireEngine(context, server)
  if (node === undefined) {
    node = stage.client(await stage.server())
    await node.hset(keys.marker, marker)
  }
  resource = `n${(names += 1)}!lock`
})
afterAll(() => stage[Symbol.asyncDispose]())

async function run({ text }: Script, names: readonly string[], words: readonly (string | number)[]): Promise<string[]> {
  return (await node?.eval(text, names.length, ...names, ...words)) as string[]
}

interface Ask {
  readonly proposalUs?: number
  readonly ttlMs?: number
  readonly delayMs?: number
  readonly keeps?: '0' | '1'
  readonly waits?: '0' | '1'
  /** Those that the client knows. */
  readonly lists?: string
  readonly own?: string
  readonly generation?: number
}

function accept(
  vote: string,
  {
    proposalUs = 0,
    ttlMs = 10_000,
    delayMs = 0,
    keeps = '0',
    waits = '0',
    lists = LIST,
    own = LIST,
    generation = 1,
  }: Ask = {},
): Promise<string[]> {
  const words = [
    vote,
    proposalUs,
    ttlMs * 1000,
    delayMs * 1000,
    waits,
    '5000',
    'channel',
    'who',
    'note',
    '60000',
    '0',
    keeps,
    lists,
    own,
    generation,
  ]
  return run(scripts.accept, [...keys.all(resource), keys.marker], words)
}

const raise = (vote: string, token: string): Promise<string[]> =>
  run(scripts.raise, [keys.record(resource), keys.marker], [vote, token])
const renew = (vote: string, token: string, lists: string = LIST): Promise<string[]> =>
  run(scripts.renew, [keys.record(resource), keys.marker], [vote, token, 1_000_000, '0', '', lists])
const release = (vote: string, keepMs = 0): Promise<string[]> =>
  run(scripts.release, keys.all(resource), [vote, keepMs * 1000, '1', 'channel'])

test('a question that arrives twice makes one vote with one token, and after its release it makes a new one', async () => {
  const first = await accept(`${a}.x-1`)
  const again = await accept(`${a}.x-1`)
  expect(again.slice(0, 1)).toEqual(['kept'])
  expect(again[2]).toBe(first[2])
  expect((await release(`${a}.x-1`))[0]).toBe('left')
  expect((await release(`${a}.x-1`))[0]).toBe('gone')
  const late = await accept(`${a}.x-1`)
  expect(BigInt(late[2] ?? 0)).toBeGreaterThan(BigInt(first[2] ?? 0))
})

test('a vote of the same claim that its client has given up makes room for the next, and never the other way round', async () => {
  const first = await accept(`${a}.x-9`)
  const second = await accept(`${a}.x-10`)
  expect(second[0]).toBe('kept')
  expect(BigInt(second[2] ?? 0)).toBeGreaterThan(BigInt(first[2] ?? 0))
  expect((await accept(`${a}.x-9`)).slice(0, 1)).toEqual(['busy'])
  expect((await raise(`${a}.x-9`, String(second[2])))[0]).toBe('gone')
  // Another client that asks for the same claim has no part in the votes of this one.
  expect((await accept(`${a}.y-11`))[0]).toBe('busy')
})

test('a vote is above every vote before it, whatever was proposed', async () => {
  const nowUs = Date.now() * 1000
  const [, , ahead = ''] = await accept(`${a}.x-1`, { proposalUs: nowUs + 2_000_000 })
  expect(ahead).toBe(String(nowUs + 2_000_000))
  await release(`${a}.x-1`)
  const [, , next] = await accept(`${b}.x-2`, { proposalUs: nowUs })
  expect(next).toBe(String(BigInt(ahead) + 1n))
  await raise(`${b}.x-2`, String(nowUs + 3_000_000))
  const [, , same] = await raise(`${b}.x-2`, String(nowUs + 1_000_000))
  expect(same).toBe(String(nowUs + 3_000_000))
  expect(await node?.hget(keys.record(resource), 't')).toBe(same)
})

test('nobody but its own client raises, renews or releases a vote', async () => {
  const [, , token = ''] = await accept(`${a}.x-1`)
  expect((await raise(`${b}.x-1`, token))[0]).toBe('gone')
  expect((await release(`${b}.x-1`))[0]).toBe('gone')
  expect((await release(b))[0]).toBe('gone')
  expect((await renew(`${b}.x-1`, token))[1]).toEqual(['gone'])
  expect((await renew(a, String(BigInt(token) + 1n)))[1]).toEqual(['gone'])
  expect((await renew(a, token))[1]).toEqual(['kept'])
  expect((await accept(`${b}.x-2`))[0]).toBe('busy')
  expect((await release(a))[0]).toBe('left')
})

test('a vote that expired is neither raised nor renewed, and its lock-delay keeps others out', async () => {
  const [, , token = ''] = await accept(`${a}.x-1`, { ttlMs: 1, delayMs: 10_000 })
  await new Promise((resolve) => setTimeout(resolve, 5))
  expect((await raise(`${a}.x-1`, token))[0]).toBe('gone')
  expect((await renew(`${a}.x-1`, token))[1]).toEqual(['gone'])
  expect((await release(a))[0]).toBe('gone')
  expect((await accept(`${b}.x-2`))[0]).toBe('busy')
})

test('the record of a vote that goes on counting is kept for as long', async () => {
  await accept(`${a}.x-1`)
  expect((await release(`${a}.x-1`, 3 * 3_600_000))[0]).toBe('left')
  expect(await node?.pttl(keys.record(resource))).toBeGreaterThan(3.9 * 3_600_000)
  expect((await accept(`${b}.x-2`))[0]).toBe('busy')
})

test('a raise too far ahead of the clock is refused in a word of its own, and the vote stays', async () => {
  const [, , token] = await accept(`${a}.x-1`)
  expect((await raise(`${a}.x-1`, String((Date.now() + 60_000) * 1000)))[0]).toBe('behind')
  expect(await node?.hmget(keys.record(resource), 'o', 't')).toEqual([`${a}.x-1`, token])
})

describe('a node whose marker is of another process', () => {
  const before = { j: '1', s: '1', m: '60000', r: '0'.repeat(40) }

  afterEach(async () => {
    await node?.config('SET', 'appendonly', 'no')
    await node?.del(keys.marker)
    await node?.hset(keys.marker, marker)
  })

  test('is quarantined for the longest lease that it knew of, and neither raises nor renews what it has', async () => {
    const [, , token = ''] = await accept(`${a}.x-1`)
    await node?.hset(keys.marker, { ...before, m: '120000', k: '0' })
    expect((await raise(`${a}.x-1`, token))[0]).toBe('gone')
    expect((await renew(`${a}.x-1`, token))[1]).toEqual(['gone'])
    const answer = await accept(`${b}.x-2`, { keeps: '1' })
    expect(answer[0]).toBe('quarantined')
    expect(Number(answer[2])).toBe(127_000_000)
    // It is still out when the marker knows the new process.
    expect((await renew(`${a}.x-1`, token))[1]).toEqual(['gone'])
    expect(await node?.hget(keys.marker, 'm')).toBe('120000')
  })

  test('votes on where all found that every change is kept, if it has loaded them', async () => {
    await node?.hset(keys.marker, { ...before, k: '1' })
    await node?.config('SET', 'appendonly', 'yes')
    expect((await accept(`${a}.x-1`, { keeps: '1' }))[0]).toBe('kept')
    expect(await node?.hmget(keys.marker, 'k', 'j')).toEqual(['1', '1'])
    await node?.hset(keys.marker, before)
    await node?.config('SET', 'appendonly', 'no')
    expect((await accept(`${b}.x-2`, { keeps: '1' }))[0]).toBe('quarantined')
  })

  test('is one that may have lost data as soon as one client found otherwise', async () => {
    await node?.del(keys.marker)
    await node?.hset(keys.marker, marker)
    await accept(`${a}.x-1`, { keeps: '1' })
    expect(await node?.hget(keys.marker, 'k')).toBe('1')
    await accept(`${a}.x-1`, { keeps: '0' })
    await accept(`${a}.x-1`, { keeps: '1' })
    expect(await node?.hget(keys.marker, 'k')).toBe('0')
  })
})

describe('a node under a list of servers', () => {
  afterEach(async () => {
    await node?.del(keys.marker)
    await node?.hset(keys.marker, marker)
  })

  test('votes for those who know it, also among others, and neither votes for nor prolongs what others have', async () => {
    const [, , token = ''] = await accept(`${a}.x-1`)
    expect((await renew(`${a}.x-1`, token))[1]).toEqual(['kept'])
    expect((await renew(`${a}.x-1`, token, 'other'))[1]?.[1]).toMatch(/list of servers was changed/)
    await release(a)
    expect(await accept(`${b}.x-1`, { lists: 'other', own: 'other' })).toEqual([
      'unlisted',
      expect.any(String),
      LIST,
      '1',
    ])
    // Not by a part of its name either.
    expect((await accept(`${b}.x-1`, { lists: `${LIST}2 a${LIST}` }))[0]).toBe('unlisted')
    expect((await accept(`${b}.x-1`, { lists: `other ${LIST} third` }))[0]).toBe('kept')
  })

  test('that is older than the list of whoever asks is quarantined, and comes under the new one', async () => {
    const [, , token = ''] = await accept(`${a}.x-1`)
    const answer = await accept(`${b}.x-1`, { lists: 'new', own: 'new', generation: 3 })
    expect(answer.slice(0, 1).concat(answer[2] ?? '')).toEqual(['quarantined', '67000000'])
    expect(await node?.hmget(keys.marker, 'l', 'g')).toEqual(['new', '3'])
    expect((await renew(`${a}.x-1`, token))[1]?.[0]).toBe('gone')
    expect((await accept(`${a}.x-2`))[0]).toBe('unlisted')
  })

  test('that was restarted with an older list, although its client still knows that one, comes under the newer one', async () => {
    await node?.hset(keys.marker, { r: '0'.repeat(40), k: '0' })
    expect((await accept(`${a}.x-1`, { lists: `${LIST} step new`, own: 'new', generation: 3 }))[0]).toBe('quarantined')
    expect(await node?.hmget(keys.marker, 'l', 'g')).toEqual(['new', '3'])
  })

  test('says when a client that knows no other list was last at work, and of others nothing', async () => {
    const soleAt = async (): Promise<number> => Number((await node?.hget(keys.marker, 'u')) ?? 0)
    const [, , token = ''] = await accept(`${a}.x-1`, { lists: `${LIST} step new` })
    expect(await soleAt()).toBe(0)
    await renew(`${a}.x-1`, token)
    const first = await soleAt()
    expect(first).toBeGreaterThan((Date.now() - 5_000) * 1000)
    await accept(`${a}.x-1`)
    expect(await soleAt()).toBe(first)
    await node?.hset(keys.marker, 'u', first - 11_000_000)
    await accept(`${a}.x-1`)
    expect(await soleAt()).toBeGreaterThanOrEqual(first)
  })
})

describe('a list of waiters that is full of dead ones', () => {
  async function dead(count: number): Promise<void> {
    const record = keys.record(resource)
    const filling = node?.pipeline()
    for (let index = 0; index < count; index += 1) {
      const member = `${index}.gone`
      filling
        ?.zadd(`${record}:waiters`, index, member)
        .zadd(`${record}:places`, 1, member)
        .hset(`${record}:who`, member, 'x')
    }
    await filling?.exec()
  }

  test('has room for whoever asks', async () => {
    await accept(`${a}.x-1`)
    await dead(10_000)
    expect((await accept(`${b}.x-2`, { waits: '1' })).at(-1)).not.toBe('full')
    expect(await node?.zcard(`${keys.record(resource)}:waiters`)).toBeLessThan(10_000)
  })

  test('does not keep a release from waking one that lives', async () => {
    await accept(`${a}.x-1`)
    await dead(1_000)
    await accept(`${b}.x-2`, { waits: '1' })
    const hearing = node?.duplicate()
    stage.ending(() => hearing?.disconnect())
    const heard = new Promise((resolve) => hearing?.on('message', (_, text) => resolve(text)))
    await hearing?.subscribe('channel')
    await release(`${a}.x-1`)
    expect(await heard).toBe(`free|${keys.record(resource)}|${b}`)
  })
})
