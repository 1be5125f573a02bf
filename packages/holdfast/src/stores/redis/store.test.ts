/** @module-tag real-time */
import { readFileSync } from 'node:fs'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import type { Engine } from '@holdfast/testbed/engines/engine'
import * as server from '@holdfast/testbed/engines/redis/server'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { holdfast } from '../../holdfast.ts'
import { Misuse, StoreUnavailable } from '../../store/errors.ts'
import type { Store } from '../../store/store.ts'
import type { Standing } from '../../store/standing.ts'
import { never } from '../opened.fixture.ts'
import { expectClosed } from './closed-store.fixture.ts'
import { redis } from './index.ts'
import { claim, held, Stage, takeAndLeave } from './redis.fixture.ts'

const stage = new Stage()
let engine: Engine | undefined
let url = ''
let seen: ReturnType<Stage['client']>
let namespaces = 0

beforeEach(async (context) => {
  await requireEngine(context, server)
  if (engine !== undefined) return
  engine = await stage.server()
  ;({ url } = engine)
  seen = stage.client(engine)
})
afterAll(() => stage[Symbol.asyncDispose]())

const fresh = (): string => `n${(namespaces += 1)}!lock`

/** What the server counted since it was asked last. */
async function scriptsRun(): Promise<number> {
  const stats = await seen.info('commandstats')
  expect(stats).not.toContain('cmdstat_eval:')
  return Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1] ?? 0)
}

async function connections(): Promise<number> {
  return String(await seen.client('LIST'))
    .trim()
    .split('\n').length
}

describe.each([
  ['ioredis', async (): Promise<Store> => redis(stage.client({ url }))],
  ['node-redis', async (): Promise<Store> => redis(await stage.nodeRedis({ url }))],
  ['a URL', async (): Promise<Store> => redis(url)],
])('through %s', (_, make) => {
  test('a lock is taken, waited for, handed over, renewed and given back', async () => {
    const store = await stage.opened(await make())
    const resource = fresh()
    const [first, second] = [claim(resource), claim(resource, { note: 'next' })]
    const { token } = held(await store.enter(first))
    const waiting = await store.enter(second)
    if (waiting.kind !== 'queued') throw new Error('not queued')
    expect(waiting).toMatchObject({ ahead: 0, lifeMs: 10_000 })
    expect(waiting.recheckInMs).toBeGreaterThan(9_000)
    const turn = store.watch({ resource, id: second.id }, never)
    expect(await store.leave({ resource, id: first.id, token })).toBe('left')
    const pushed = await turn
    expect(pushed).toMatchObject({ kind: 'held', provisional: true, lifeMs: 3_000 })
    if (pushed.kind !== 'held') throw new Error('not pushed')
    expect(pushed.token).toBeGreaterThan(token)
    const ref = { resource, id: second.id, token: pushed.token }
    const [renewed] = await store.renew([{ ref, ttlMs: 5_000 }])
    expect(renewed).toMatchObject({ kind: 'held', lifeMs: 5_000, provisional: false, token: pushed.token })
    const { claims } = await store.look(resource)
    expect(claims).toMatchObject([{ state: 'held', note: 'next', owner: 'test', token: pushed.token }])
    expect(await store.leave(ref)).toBe('left')
    expect(await store.leave(ref)).toBe('gone')
  })

  test('an observer is told, a holder learns of its eviction, and the list has the lock while it is held', async () => {
    const store = await stage.opened(await make())
    const resource = fresh()
    const { version } = await store.look(resource)
    const observing = store.observe(resource, version, never)
    const holder = claim(resource)
    const { token } = held(await store.enter(holder))
    expect(await observing).not.toBe(version)
    expect((await store.list(resource, undefined, 10)).resources).toEqual([resource])
    const watching = store.watch({ resource, id: holder.id, token }, never)
    expect(await store.evict(resource, token, 'a|b')).toBe('evicted')
    expect(await watching).toEqual({ kind: 'gone', reason: 'a|b' })
  })

  test('closing leaves nothing of ours behind and the client of the caller open', async () => {
    const before = await connections()
    const store = await stage.opened(await make())
    expect(await connections()).toBeGreaterThan(before)
    await store.close()
    // The one that was handed in is there still.
    await expect.poll(connections).toBeLessThanOrEqual(before + (_ === 'a URL' ? 0 : 1))
    await expectClosed(store, fresh())
  })
})

test('nobody waiting, a lock costs two commands', async () => {
  const store = await stage.opened(redis(stage.client({ url })))
  const resource = fresh()
  await takeAndLeave(store, resource)
  const before = await scriptsRun()
  for (let count = 0; count < 100; count += 1) await takeAndLeave(store, resource)
  expect((await scriptsRun()) - before).toBe(200)
})

test('a claim that is heavier than the whole capacity never holds', async () => {
  const store = await stage.opened(redis(seen))
  const resource = fresh()
  await takeAndLeave(store, resource)
  const heavy = claim(resource, { weight: 3, capacity: 2, queue: false })
  expect(await store.enter(heavy)).toMatchObject({ kind: 'refused', because: 'busy' })
})

test('with fifty waiters a turn costs two commands as well', async () => {
  const store = await stage.opened(redis(stage.client({ url })))
  const resource = fresh()
  const first = claim(resource)
  const { token } = held(await store.enter(first))
  const before = await scriptsRun()
  const turns = Array.from({ length: 50 }, async () => {
    const mine = claim(resource)
    const ref = { resource, id: mine.id }
    let standing = await store.enter(mine)
    while (standing.kind === 'queued') {
      const told = await store.watch(ref, never)
      if (told.kind === 'hint') throw new Error('a hint where nothing was lost')
      standing = told
    }
    expect(await store.leave({ ...ref, token: held(standing).token })).toBe('left')
  })
  await expect.poll(async () => (await store.look(resource)).claims.length).toBe(51)
  const looks = (await scriptsRun()) - before - 50
  await store.leave({ resource, id: first.id, token })
  await Promise.all(turns)
  expect((await scriptsRun()) - before - looks).toBe(50 + 1 + 50)
})

test('an observer who listens already is told of every change, of a lonely lock as well', async () => {
  const store = await stage.opened(redis(stage.client({ url })))
  const observer = await stage.opened(redis(url))
  const resource = fresh()
  const told = async (change: () => Promise<unknown>): Promise<void> => {
    const { version } = await observer.look(resource)
    const before = await scriptsRun()
    const watching = observer.observe(resource, version, never)
    await expect.poll(scriptsRun).toBe(before + 1)
    await change()
    expect(await watching).not.toBe(version)
  }
  const [first, second] = [claim(resource), claim(resource)]
  let token = 0n
  for (let round = 0; round < 2; round += 1) {
    await told(async () => ({ token } = held(await store.enter(first))))
    await told(() => store.renew([{ ref: { ...first, token }, ttlMs: 9_000, note: `round ${round}` }]))
    await told(() => store.leave({ ...first, token }))
  }
  await told(async () => ({ token } = held(await store.enter(first))))
  await told(() => store.enter(second))
  await told(() => store.leave({ ...first, token }))
  await told(async () => store.evict(resource, (await store.look(resource)).lastToken, 'enough'))
})

test('ten thousand leases are renewed by twenty commands', async () => {
  const store = await stage.opened(redis(stage.client({ url })))
  const namespace = fresh()
  const renewals = []
  for (let index = 0; index < 10_000; index += 1) {
    const mine = claim(`${namespace}-${index}`)
    renewals.push(
      store.enter(mine).then((standing) => ({ ref: { ...mine, token: held(standing).token }, ttlMs: 9_000 })),
    )
  }
  const all = await Promise.all(renewals)
  const before = await scriptsRun()
  const answers = await store.renew(all)
  expect((await scriptsRun()) - before).toBe(20)
  expect(answers.every((answer) => 'kind' in answer && answer.kind === 'held' && answer.lifeMs === 9_000)).toBe(true)
})

test('a hundred names at once are taken by four commands in one round trip, and given back by as many', async () => {
  const locks = holdfast(redis(stage.client({ url })))
  await locks.open()
  const names = Array.from({ length: 100 }, (_, index) => `a hundred:${index}`)
  for (const turn of ['names that nobody used before', 'names that were used']) {
    const before = await scriptsRun()
    const set = await locks.acquireAll(names)
    const taken = await scriptsRun()
    await set.release()
    expect(taken - before, turn).toBe(4)
    expect((await scriptsRun()) - taken, turn).toBe(4)
  }
  await locks.close()
})

test('prefixes keep locks apart', async () => {
  const [one, other] = [
    await stage.opened(redis(seen, { prefix: 'p1' })),
    await stage.opened(redis(seen, { prefix: 'p2' })),
  ]
  const resource = fresh()
  held(await one.enter(claim(resource)))
  held(await other.enter(claim(resource)))
  const found: string[] = []
  for (let cursor: string | undefined = '0'; cursor !== undefined;) {
    const page = await one.list(resource, cursor, 10)
    found.push(...page.resources)
    ;({ cursor } = page)
  }
  expect([...new Set(found)]).toEqual([resource])
})

test('the rights in the documentation are enough, and on a foreign prefix they are refused', async () => {
  const page = readFileSync(new URL('../../../../../docs/redis.md', import.meta.url), 'utf8')
  const [, words = ''] = /^ACL (SETUSER .*)$/m.exec(page) ?? []
  await seen.call('ACL', words.split(' '))
  const own = url.replace('//', '//locks:secret@')
  const store = await stage.opened(redis(own))
  expect(store.facts.reasons.join(' ')).not.toContain('refused')
  const resource = fresh()
  const [first, second] = [claim(resource), claim(resource)]
  const { token } = held(await store.enter(first))
  await store.enter(second)
  const { version } = await store.look(resource)
  const observing = store.observe(resource, version, never)
  const turn = store.watch({ resource, id: second.id }, never)
  await store.list(resource, undefined, 10)
  await store.leave({ resource, id: first.id, token })
  const { token: next } = held((await turn) as Standing)
  expect(await observing).not.toBe(version)
  await store.renew([{ ref: { ...second, token: next }, ttlMs: 300 }])
  await new Promise((resolve) => setTimeout(resolve, 310))
  const third = claim(resource)
  const late = held(await store.enter(third))
  expect(await store.evict(resource, late.token, 'enough')).toBe('evicted')
  const foreign = redis(own, { prefix: 'foreign' })
  await expect(stage.facts(foreign)).rejects.toThrow(/does not allow/)
})

test('a key of another program is the failure of one claim, and the others are renewed, entered and left', async () => {
  const store = await stage.opened(redis(seen, { prefix: 'mixed' }))
  const [good, bad] = [claim(fresh()), claim(fresh())]
  const { token } = held(await store.enter(good))
  await seen.set(`mixed:{${bad.resource}}`, 'not a lock')
  const answers = await store.renew([
    { ref: bad, ttlMs: 1_000 },
    { ref: { ...good, token }, ttlMs: 1_000 },
  ])
  expect(answers[0]).toBeInstanceOf(StoreUnavailable)
  expect(answers[1]).toMatchObject({ kind: 'held', token })
  // Asked in one moment, so they travel together.
  const [other, refused] = await Promise.allSettled([store.enter(claim(fresh())), store.enter(bad)])
  expect(other).toMatchObject({ status: 'fulfilled', value: { kind: 'held' } })
  expect(refused).toMatchObject({ status: 'rejected', reason: { message: expect.stringContaining('another prefix') } })
  const [left, failed] = await Promise.allSettled([store.leave({ ...good, token }), store.leave(bad)])
  expect(left).toEqual({ status: 'fulfilled', value: 'left' })
  expect(failed).toMatchObject({ status: 'rejected', reason: expect.any(StoreUnavailable) })
})

test.each([
  ['no client', null],
  ['something else', { get: () => undefined }],
  ['a Cluster without hosts', 'redis+cluster://'],
  ['a Cluster with a database', 'redis+cluster://localhost/1'],
  ['Sentinels without a name', 'redis+sentinel://localhost:26379'],
  ['a host that is none', 'redis+cluster://localhost:port'],
  ['another URL', 'http://localhost'],
  ['no URL', 'localhost:6379'],
])('%s is refused at once', (_, wrong) => {
  expect(() => redis(wrong as string)).toThrow(Misuse)
})

test.each(['', 'a b', 'a{b', '*', 'x'.repeat(65)])('the prefix %j is refused', (prefix) => {
  expect(() => redis('redis://localhost', { prefix })).toThrow(Misuse)
})

test('a refused URL is not repeated, for it may have a password', () => {
  for (const wrong of ['redi://me:hunter2@localhost', 'redis+cluster://me:hunter2@', 'redis+sentinel://me:hunter2@a'])
    expect(() => redis(wrong)).toThrow(expect.not.stringContaining('hunter2'))
})
