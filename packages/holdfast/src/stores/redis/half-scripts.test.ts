/**
 * A script that stops half-way: its user loses the right to one command while locks are held. Every command of every script is
 * taken away in turn; the holder keeps its lock, no second one gets it, and with the right given back the line is whole.
 */
import { readFileSync } from 'node:fs'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import type { Engine } from '@holdfast/testbed/engines/engine'
import * as server from '@holdfast/testbed/engines/redis/server'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import type { Claim } from '../../store/claim.ts'
import type { OpenStore } from '../../store/store.ts'
import { redis } from './index.ts'
import { claim, held, Stage, turnOf } from './redis.fixture.ts'
import { clusterScripts, scripts } from './scripts.ts'

const stage = new Stage()
let engine: Engine
let admin: ReturnType<Stage['client']>
/** Of the user whose rights are taken, and of one who keeps them. */
let store: OpenStore
let observer: OpenStore
let names = 0

beforeEach(async (context) => {
  await requireEngine(context, server)
  if (engine !== undefined) return
  engine = await stage.server()
  admin = stage.client(engine)
  await admin.call('ACL', 'SETUSER', 'locks', 'on', '>secret', 'allkeys', 'allchannels', '+@all')
  store = await stage.opened(redis(engine.url.replace('//', '//locks:secret@')))
  observer = await stage.opened(redis(engine.url))
})
afterAll(() => stage[Symbol.asyncDispose]())

/** What the text of a script can ask Redis for. */
function commandsIn(text: string): readonly string[] {
  const code = text.replaceAll(/^\s*--.*$/gm, '')
  const direct = [...code.matchAll(/(?:redis\.p?call|callWith)\(\s*'([A-Z]+)'/g)].map(([, command = '']) => command)
  const chosen = [...code.matchAll(/'(SPUBLISH)' or '(PUBLISH)'/g)].flatMap(([, ...commands]) => commands)
  return [...direct, ...chosen]
}

const commands = [...new Set(Object.values(scripts).flatMap(({ text }) => commandsIn(text)))].toSorted()

async function may(right: string): Promise<void> {
  await admin.call('ACL', 'SETUSER', 'locks', right)
}

/** Errors are ignored: any answer will do. */
async function tried(call: () => Promise<unknown>): Promise<void> {
  await call().catch(() => undefined)
}

/** The claims that hold, by a store with all rights. */
async function holders(resource: string): Promise<readonly bigint[]> {
  const { claims } = await observer.look(resource)
  return claims.filter(({ state }) => state === 'held').map(({ token }) => token ?? 0n)
}

/** When all of these claims have left, nothing keeps the lock from the next one. */
async function isFreeAfter(all: readonly Claim[], changes: Partial<Claim>): Promise<void> {
  for (const each of all) await observer.leave({ resource: each.resource, id: each.id })
  const next = await turnOf(observer, claim(all[0]?.resource ?? '', { ...changes, queue: true }), 50)
  expect(next.token).toBeGreaterThan(0n)
}

const shapes = [
  ['a mutex', {}],
  ['a semaphore', { capacity: 2, weight: 2 }],
  ['a lock with a lock-delay', { lockDelayMs: 10 }],
] as const

describe.each(shapes)('%s without a right', (_, changes) => {
  const asking = (resource: string, more: Partial<Claim> = {}): Claim =>
    claim(resource, { ...changes, ttlMs: 3_000, ...more })

  test.each(commands)('to %s: the holder keeps it beside newcomers, and renews', async (command) => {
    const resource = `n!half${(names += 1)}`
    const holder = asking(resource)
    const ref = { ...holder, token: held(await store.enter(holder)).token }
    await may(`-${command.toLowerCase()}`)
    const newcomers = [asking(resource), asking(resource, { queue: false }), asking(resource)]
    for (const each of [...newcomers, ...newcomers]) {
      await tried(() => store.enter(each))
      expect(await holders(resource)).toEqual([ref.token])
    }
    await tried(() => store.renew([{ ref, ttlMs: 3_000, note: 'here' }]))
    await tried(() => observer.enter(asking(resource, { queue: false })))
    expect(await holders(resource)).toEqual([ref.token])
    await may(`+${command.toLowerCase()}`)
    expect(await store.renew([{ ref, ttlMs: 3_000 }])).toMatchObject([{ kind: 'held', token: ref.token }])
    expect(await store.leave(ref)).toBe('left')
    await isFreeAfter(newcomers, changes)
  })

  test.each(commands)('to %s: a hand-over leaves one holder at most, and the line moves on', async (command) => {
    const resource = `n!half${(names += 1)}`
    const holder = asking(resource)
    const ref = { ...holder, token: held(await store.enter(holder)).token }
    const waiters = [asking(resource), asking(resource), asking(resource)]
    const newcomer = asking(resource, { queue: false })
    for (const each of waiters) expect((await store.enter(each)).kind).toBe('queued')
    await may(`-${command.toLowerCase()}`)
    const calls = [
      () => store.leave(ref),
      () => store.enter(waiters[0] as Claim),
      () => store.leave(waiters[1] as Claim),
      () => store.evict(resource, ref.token, 'half-way'),
      () => store.renew(waiters.map((each) => ({ ref: each, ttlMs: 3_000 }))),
      () => observer.enter(newcomer),
    ]
    for (const call of calls) {
      await tried(call)
      expect((await holders(resource)).length).toBeLessThanOrEqual(1)
    }
    await may(`+${command.toLowerCase()}`)
    await isFreeAfter([holder, ...waiters, newcomer], changes)
  })
})

test('leftovers are cleared: a claim that a stopped script had written has no place in the line', async () => {
  const resource = `n!half${(names += 1)}`
  const [holder, stopped, waiter] = [claim(resource), claim(resource), claim(resource)]
  const ref = { ...holder, token: held(await store.enter(holder)).token }
  await may('-hdel')
  await expect(store.enter(stopped)).rejects.toThrow(/does not allow/)
  await may('+hdel')
  expect(await store.enter(waiter)).toMatchObject({ kind: 'queued', ahead: 0 })
  expect(await store.renew([{ ref: stopped, ttlMs: 10_000 }])).toEqual([{ kind: 'gone' }])
  expect(await store.leave(ref)).toBe('left')
  const { token } = held(await store.enter(waiter))
  expect(await holders(resource)).toEqual([token])
  expect(await store.leave({ ...waiter, token })).toBe('left')
  expect(await admin.keys(`*${resource}*`)).toEqual([])
})

test('a turn that cannot be written is not told', async () => {
  const resource = `n!half${(names += 1)}`
  const listener = stage.client(engine)
  const told: string[] = []
  const marked = new Promise<void>((resolve) => {
    listener.on('pmessage', (_pattern, channel, text) => (channel === 'marker' ? resolve() : told.push(text)))
  })
  await listener.psubscribe('holdfast:*', 'marker')
  const [holder, waiter] = [claim(resource), claim(resource)]
  const ref = { ...holder, token: held(await store.enter(holder)).token }
  expect((await store.enter(waiter)).kind).toBe('queued')
  await may('-hset')
  await expect(store.leave(ref)).rejects.toThrow(/does not allow/)
  await admin.publish('marker', '')
  await marked
  await may('+hset')
  expect(told).toEqual([])
  expect(await holders(resource)).toEqual([ref.token])
})

test('the rights that are tried at opening are those of the scripts', () => {
  const tried = readFileSync(new URL('rights.lua', import.meta.url), 'utf8')
  const named = [...tried.matchAll(/\{ '([A-Z]+)'/g)].map(([, command = '']) => command)
  const used = [...scriptsOf(scripts), ...scriptsOf(clusterScripts)]
  expect([...new Set(named)].toSorted()).toEqual([...new Set(used)].toSorted())
})

function scriptsOf(all: typeof scripts): readonly string[] {
  return Object.values(all).flatMap(({ text }) => commandsIn(text))
}
