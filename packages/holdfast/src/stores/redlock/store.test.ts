/**
 * Redlock on five real servers, when nothing is wrong with them.
 * @module-tag real-time
 */
import { readFileSync } from 'node:fs'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import type { Redis } from 'ioredis'
import type { Engine } from '@holdfast/testbed/engines/engine'
import * as server from '@holdfast/testbed/engines/redis/server'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { Misuse } from '../../store/errors.ts'
import type { Store } from '../../store/store.ts'
import { never } from '../opened.fixture.ts'
import { expectClosed } from '../redis/closed-store.fixture.ts'
import { redlock } from './index.ts'
import { claim, held, RedlockStage, takeAndLeave } from './redlock.fixture.ts'

const stage = new RedlockStage()
let servers: readonly Engine[] = []
let urls: readonly string[] = []
let seen: readonly Redis[] = []
let names = 0

beforeEach(async (context) => {
  await requireEngine(context, server)
  if (servers.length > 0) return
  servers = await stage.servers(5)
  urls = servers.map(({ url }) => url)
  seen = servers.map((each) => stage.client(each))
})
afterAll(() => stage[Symbol.asyncDispose]())

const fresh = (): string => `n${(names += 1)}!lock`

/** On each node since it was started. */
async function scriptsRun(): Promise<readonly number[]> {
  const stats = await Promise.all(seen.map((client) => client.info('commandstats')))
  return stats.map((text) => Number(/cmdstat_evalsha:calls=(\d+)/.exec(text)?.[1] ?? 0))
}

async function connections(): Promise<number> {
  const lists = await Promise.all(seen.map((client) => client.client('LIST')))
  return lists.reduce<number>((sum, list) => sum + String(list).trim().split('\n').length, 0)
}

const makers: readonly (readonly [string, () => Promise<Store>])[] = [
  ['ioredis', async () => redlock(servers.map((each) => stage.client(each)))],
  ['node-redis', async () => redlock(await Promise.all(servers.map((each) => stage.nodeRedis(each))))],
  ['a list of URLs', async () => redlock(urls)],
  ['one URL', async () => redlock(`redlock://${servers.map(({ port }) => `127.0.0.1:${port}`).join(',')}`)],
]

describe.each(makers)('through %s', (name, make) => {
  test('a lock is taken, waited for, handed over, renewed and given back', async () => {
    const store = await stage.opened(await make())
    const other = await stage.opened(await make())
    const resource = fresh()
    const [first, second] = [claim(resource), claim(resource, { note: 'next', owner: 'the second' })]
    const { token } = held(await store.enter(first))
    const waiting = await other.enter(second)
    if (waiting.kind !== 'queued') throw new Error('not queued')
    expect(waiting.recheckInMs).toBeGreaterThan(0)
    expect((await store.look(resource)).claims).toMatchObject([
      { state: 'held', token, owner: 'test' },
      { state: 'waiting', owner: 'the second' },
    ])
    const turn = other.watch({ resource, id: second.id }, never)
    expect(await store.leave({ resource, id: first.id, token })).toBe('left')
    expect((await turn).kind).toBe('hint')
    const next = held(await other.enter(second))
    expect(next.token).toBeGreaterThan(token)
    const ref = { resource, id: second.id, token: next.token }
    const [renewed] = await other.renew([{ ref, ttlMs: 5_000 }])
    expect(renewed).toMatchObject({ kind: 'held', lifeMs: 5_000, token: next.token })
    expect((await store.look(resource)).claims).toMatchObject([{ state: 'held', note: 'next', token: next.token }])
    expect(await other.leave(ref)).toBe('left')
    expect(await other.leave(ref)).toBe('gone')
  })

  test('closing leaves nothing of ours behind and the clients of the caller open', async () => {
    const before = await connections()
    const store = await stage.opened(await make())
    expect(await connections()).toBeGreaterThanOrEqual(before + 10)
    await store.close()
    await expect.poll(connections).toBeLessThanOrEqual(before + (name.includes('URL') ? 0 : 5))
    await expectClosed(store, fresh())
  })
})

test('nobody waiting, a lock costs two commands on each node, and one round trip', async () => {
  const store = await stage.opened(redlock(servers.map((each) => stage.client(each))))
  const resource = fresh()
  await takeAndLeave(store, resource)
  await Promise.all(seen.map((client) => client.config('RESETSTAT')))
  for (let count = 0; count < 100; count += 1) await takeAndLeave(store, resource)
  await expect.poll(async () => Math.min(...(await scriptsRun()))).toBeGreaterThanOrEqual(199)
  // Where the votes differ, because a server was busy, a second round raises them.
  expect(Math.max(...(await scriptsRun()))).toBeLessThan(280)
})

test('a thousand leases are renewed with two commands on each node', async () => {
  const store = await stage.opened(redlock(servers.map((each) => stage.client(each))))
  const base = fresh()
  const holders = Array.from({ length: 1_000 }, (_, index) => claim(`${base}-${index}`, { ttlMs: 60_000 }))
  const tokens: bigint[] = []
  for (let at = 0; at < holders.length; at += 100) {
    const standings = await Promise.all(holders.slice(at, at + 100).map((each) => store.enter(each)))
    tokens.push(...standings.map((standing) => held(standing).token))
  }
  await new Promise((resolve) => setTimeout(resolve, 100))
  const before = await scriptsRun()
  const answers = await store.renew(
    holders.map((ref, index) => ({ ref: { ...ref, token: tokens[index] ?? 0n }, ttlMs: 60_000 })),
  )
  expect(answers.map((answer) => ('token' in answer ? answer.token : answer))).toEqual(tokens)
  await expect
    .poll(async () => (await scriptsRun()).map((count, index) => count - (before[index] ?? 0)))
    .toEqual([2, 2, 2, 2, 2])
})

test('whoever waits first is woken first, and a process that takes the lock in a loop does not keep it from others', async () => {
  const store = await stage.opened(redlock(urls))
  const looping = await stage.opened(redlock(urls))
  const resource = fresh()
  const first = claim(resource)
  const { token } = held(await looping.enter(first))
  const waiters = []
  for (let count = 0; count < 3; count += 1) {
    const mine = claim(resource)
    expect((await store.enter(mine)).kind).toBe('queued')
    waiters.push(mine)
  }
  // Clients agree about the time, and so about the order, to within a round trip.
  await new Promise((resolve) => setTimeout(resolve, 50))
  await looping.leave({ resource, id: first.id, token })
  // It is faster than any message, and still not first.
  expect((await looping.enter(claim(resource))).kind).toBe('queued')
  let last = token
  for (const mine of waiters) {
    await store.watch({ resource, id: mine.id }, never)
    const turn = held(await store.enter(mine))
    expect(turn.token).toBeGreaterThan(last)
    last = turn.token
    await store.leave({ resource, id: mine.id, token: turn.token })
  }
})

test('a waiter whose process is gone is passed over in the same step', async () => {
  const store = await stage.opened(redlock(urls))
  const gone = await stage.opened(redlock(urls))
  const resource = fresh()
  const [first, dead, living] = [claim(resource), claim(resource), claim(resource)]
  const { token } = held(await store.enter(first))
  expect((await gone.enter(dead)).kind).toBe('queued')
  expect((await store.enter(living)).kind).toBe('queued')
  const before = await connections()
  await gone.close()
  await expect.poll(connections).toBe(before - 10)
  const turn = store.watch({ resource, id: living.id }, never)
  await store.leave({ resource, id: first.id, token })
  await turn
  held(await store.enter(living))
})

test('a waiter that is woken and does not come keeps the lock from others for a moment only', async () => {
  const store = await stage.opened(redlock(urls))
  const frozen = await stage.opened(redlock(urls))
  const resource = fresh()
  const [first, sleeper] = [claim(resource), claim(resource)]
  const { token } = held(await store.enter(first))
  expect((await frozen.enter(sleeper)).kind).toBe('queued')
  await store.leave({ resource, id: first.id, token })
  const next = claim(resource, { queue: false })
  await expect.poll(async () => (await store.enter({ ...next, id: claim(resource).id })).kind).toBe('held')
})

test('the facts say what it is, how far the clocks are apart, and what it cannot do', async () => {
  const facts = await stage.facts(redlock(urls, { prefix: 'others', maxTtl: 30_000 }))
  expect(facts).toMatchObject({ safetyClass: 'best-effort', order: 'none', wakeUp: 'push', ttl: { maxMs: 30_000 } })
  expect(facts.engine).toMatch(/^Redlock, 5 nodes of (?:Redis|Valkey) \d/)
  expect(facts.reasons.join(' ')).toMatch(/clocks of 5 nodes differ by \d+\.\d to \d/)
  expect(facts.reasons.join(' ')).toContain('A restart or a failover may take data')
  expect(Object.keys(facts.unsupported)).toEqual(['semaphore', 'readWrite', 'members'])
})

test('the rights in the documentation are enough, and fewer are named as what is missing', async () => {
  const page = readFileSync(new URL('../../../../../docs/redis.md', import.meta.url), 'utf8')
  const [, words = ''] = /^ACL (SETUSER .*)$/m.exec(page) ?? []
  const [, more = ''] = /For \[Redlock\].* also `([^`]*)`/.exec(page) ?? []
  const grant = (rights: string): Promise<unknown> =>
    Promise.all(seen.map((client) => client.call('ACL', ...rights.split(' '))))
  await grant(`${words} ${more}`)
  const own = urls.map((url) => url.replace('//', '//locks:secret@'))
  const store = await stage.opened(redlock(own))
  expect(store.facts.reasons.join(' ')).not.toContain('refused')
  const other = await stage.opened(redlock(own))
  const resource = fresh()
  const [first, second] = [claim(resource), claim(resource)]
  const { token } = held(await store.enter(first))
  expect((await other.enter(second)).kind).toBe('queued')
  expect((await other.enter(second)).kind).toBe('queued')
  const { claims, version } = await store.look(resource)
  expect(claims).toHaveLength(2)
  const observing = store.observe(resource, version, never)
  const turn = other.watch({ resource, id: second.id }, never)
  await store.renew([{ ref: { ...first, token }, ttlMs: 5_000, note: 'news' }])
  expect(await observing).not.toBe(version)
  expect((await store.list(resource, undefined, 10)).resources).toEqual([resource])
  await store.leave({ ...first, token })
  await turn
  const next = held(await other.enter(second))
  expect(await store.evict(resource, next.token, 'enough')).toBe('evicted')
  held(await other.enter(first))
  await grant('SETUSER locks -zscore -zcard')
  await expect(store.enter(claim(resource))).rejects.toThrow(/does not allow/)
})

test('wrong arguments are refused by name, and without the password in them', () => {
  const three = ['redis://a:1', 'redis://b:1', 'redis://c:1']
  const wrong: readonly (readonly [() => unknown, RegExp])[] = [
    [() => redlock([]), /at least 3 servers/],
    [() => redlock(three.slice(1)), /at least 3 servers, and got 2/],
    [() => redlock('redlock://a:1,b:1'), /at least 3/],
    [() => redlock('redis://a:1'), /redlock:\/\//],
    [() => redlock([...three, 'redis://b:1']), /one server twice/],
    [() => redlock([...three, 'http://me:hunter2@d']), /looks like redis:/],
    [() => redlock(Array.from({ length: 16 }, (_, index) => `redis://h${index}:1`)), /at most 15/],
    [() => redlock(three, { maxTtl: 1.5 }), /maxTtl/],
    [() => redlock(three, { maxTtl: 10 }), /maxTtl/],
    [() => redlock(three, { prefix: 'a b' }), /prefix/],
    [() => redlock(three, { bootstrap: 'never' as 'auto' }), /bootstrap/],
  ]
  for (const [call, words] of wrong) {
    expect(call).toThrow(Misuse)
    expect(call).toThrow(words)
    expect(call).toThrow(expect.not.stringContaining('hunter2'))
  }
})

test('a server that is given under two names is found when the store opens', async () => {
  const [one = '', two = '', three = ''] = urls
  const other = one.replace('127.0.0.1', 'localhost')
  await expect(stage.facts(redlock([one, two, three, other]))).rejects.toThrow(/one server twice/)
  await expect(stage.facts(redlock([one, two, three, `${one}/3`]))).rejects.toThrow(/one server twice/)
})

test('the user of the first node is the one of the others that name none', async () => {
  const guarded = await stage.servers(3, { password: 'hunter2' })
  const [first, ...rest] = guarded.map(({ port }) => `127.0.0.1:${port}`)
  const store = await stage.opened(redlock(`redlock://:hunter2@${first},${rest.join(',')}`))
  expect(await takeAndLeave(store, fresh())).toBeGreaterThan(0n)
  const wrong = stage.facts(redlock(`redlock://:hunter3@${first},${rest.join(',')}`))
  await expect(wrong).rejects.toThrow(
    /2 of 3 nodes are needed .*127\.0\.0\.1:\d+ refused the user name or the password/,
  )
  await expect(wrong).rejects.toThrow(expect.not.stringContaining('hunter'))
})
