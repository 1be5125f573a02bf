/** One node and its scripts: what it answers to votes that are repeated, late, given up, or somebody else's. */
import { afterAll, beforeEach, expect, test } from 'vitest'
import type { Redis } from 'ioredis'
import * as server from '../../../../lab/src/engines/redis/server.ts'
import { requireEngine } from '../../../../lab/src/engines/require-engine.ts'
import type { Script } from '../shared/redis/script.ts'
import { Keys } from './keys.ts'
import { RedlockStage } from './redlock.fixture.ts'
import { scripts } from './scripts.ts'

const keys = new Keys('holdfast')
const stage = new RedlockStage()
const [a, b] = ['a'.repeat(32), 'b'.repeat(32)]
let node: Redis | undefined
let resource = ''
let names = 0

beforeEach(async (context) => {
  await requireEngine(context, server)
  if (node === undefined) {
    node = stage.client(await stage.server())
    await node.hset(keys.marker, { j: 1, s: 1, m: 60_000 })
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
}

function accept(vote: string, { proposalUs = 0, ttlMs = 10_000, delayMs = 0 }: Ask = {}): Promise<string[]> {
  const words = [vote, proposalUs, ttlMs * 1000, delayMs * 1000, '0', '1', 'channel', 'who', 'note', '1000', '0']
  return run(scripts.accept, [...keys.all(resource), keys.marker], words)
}

const raise = (vote: string, token: string): Promise<string[]> =>
  run(scripts.raise, [keys.record(resource)], [vote, token])
const release = (vote: string, token = ''): Promise<string[]> =>
  run(scripts.release, keys.all(resource), [vote, token, '0', '1', 'channel'])

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
  expect((await release(a, String(BigInt(token) + 1n)))[0]).toBe('gone')
  const renewed = await run(scripts.renew, [keys.record(resource)], [`${b}.x-1`, token, '1000', '0', ''])
  expect(renewed[1]).toEqual(['gone'])
  expect((await accept(`${b}.x-2`))[0]).toBe('busy')
  expect((await release(a, token))[0]).toBe('left')
})

test('a vote that expired is neither raised nor renewed, and its lock-delay keeps others out', async () => {
  const [, , token = ''] = await accept(`${a}.x-1`, { ttlMs: 1, delayMs: 10_000 })
  await new Promise((resolve) => setTimeout(resolve, 5))
  expect((await raise(`${a}.x-1`, token))[0]).toBe('gone')
  const renewed = await run(scripts.renew, [keys.record(resource)], [`${a}.x-1`, token, '1000', '0', ''])
  expect(renewed[1]).toEqual(['gone'])
  expect((await release(a))[0]).toBe('gone')
  expect((await accept(`${b}.x-2`))[0]).toBe('busy')
})
