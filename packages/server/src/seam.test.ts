/**
 * The seam through what lies between a program and its store: slow ways, ways that are cut, servers that are killed, servers
 * behind a balancer, and callers that may not do everything.
 *
 * @module-tag real-time
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Engine } from '@holdfast/testbed/engines/engine'
import * as etcdServer from '@holdfast/testbed/engines/etcd/driver'
import * as redisServer from '@holdfast/testbed/engines/redis/driver'
import { requireEngine, type SkippableTest } from '@holdfast/testbed/engines/require-engine'
import { openProxy, type Proxy } from '@holdfast/testbed/proxy/proxy'
import { promised } from '@holdfast/testbed/watchdog/broken-promise'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  type Claim,
  type Held,
  holdfast,
  type Locks,
  type OpenStore,
  type Ref,
  type Standing,
  type Store,
} from 'holdfast'
import { etcd } from 'holdfast/etcd'
import { http } from 'holdfast/http'
import { memory, memoryEngine } from 'holdfast/memory'
import { redis } from 'holdfast/redis'
import { sqlite } from 'holdfast/sqlite'
import { type Bench, type Case, conformance, openStore, runCase, systemClock } from 'holdfast/testing'
import { SeamServer } from './seam.fixture.ts'

let stage: AsyncDisposableStack
/** Started by the first test that needs them, for all of this file. */
const engines: { etcd?: Promise<Engine>; redis?: Promise<Engine> } = {}
const carriers: Record<string, Promise<SeamServer>> = {}

beforeEach(() => {
  stage = new AsyncDisposableStack()
})
afterEach(() => stage.disposeAsync())
afterAll(async () => {
  for (const server of Object.values(carriers)) await (await server)[Symbol.asyncDispose]()
  for (const engine of Object.values(engines)) await (await engine).close()
})

async function etcdStore(context: SkippableTest): Promise<() => Store> {
  await requireEngine(context, etcdServer)
  const { host, port } = await (engines.etcd ??= etcdServer.start())
  return () => etcd(`etcd://${host}:${port}`)
}

function casesOf(...rules: readonly string[]): readonly Case[] {
  return conformance.filter(({ rule }) => rules.includes(rule))
}

/** Or is excepted, by what its facts say of the store behind. */
async function passes(each: Case, name: 'etcd' | 'redis', store: () => Store): Promise<void> {
  const server = await (carriers[name] ??= SeamServer.start(store))
  const start = async () => ({ store: () => server.store(), stop: async () => undefined })
  await runCase(each, { name, time: 'real', start, exceptions: exceptions[name] })
}

const exceptions: Readonly<Record<'etcd' | 'redis', NonNullable<Bench['exceptions']>>> = {
  etcd: {
    'an answer counts from before the ask, on the clock of the asker':
      'programs share the sessions of their server, so a life may count from the sign of life that another one asked for',
  },
  redis: {},
}

function refOf({ resource, id }: Claim): Ref {
  return { resource, id }
}

function claim(resource: string, changes: Partial<Claim> = {}): Claim {
  const id = crypto.randomUUID().replaceAll('-', '')
  const rest = { weight: 1, capacity: 1, ttlMs: 10_000, queue: true, lockDelayMs: 0, note: '', owner: 'test' }
  return { resource: `default!${resource}`, id, ...rest, ...changes }
}

function held(standing: Standing): Held {
  if (standing.kind !== 'held') throw new Error(`expected a held claim, got ${standing.kind}`)
  return standing
}

async function opened(store: Store): Promise<OpenStore> {
  const open = await openStore(store)
  stage.defer(() => open.close())
  return open
}

async function started(store: () => Store, options?: Parameters<typeof SeamServer.start>[1]): Promise<SeamServer> {
  return stage.use(await SeamServer.start(store, options))
}

function client(store: Store, ttl: `${number}ms` = '2000ms'): Locks {
  const locks = holdfast(store, { ttl })
  stage.defer(() => locks.close())
  return locks
}

describe('a way that is slow', () => {
  /** The server knows the name of the way to it. */
  async function slowWay(behind: () => Store): Promise<{ readonly way: Proxy; readonly store: Store }> {
    const way = stage.use(await openProxy({ port: 1 }))
    const host = `127.0.0.1:${way.port}`
    const server = await started(behind, { hosts: [host] })
    way.retarget({ port: server.port })
    return { way, store: server.store(`http://${host}`) }
  }

  test('makes the belief of a program shorter and never longer than its lease, which the arrival of the answer would not', async () => {
    const engine = memoryEngine()
    const { way, store } = await slowWay(() => memory(engine))
    const [far, near] = [await opened(store), await opened(memory(engine))]
    way.set({ kind: 'delay', delayMs: 0, jitterMs: 300 })
    const ttlMs = 400
    const rounds = Array.from({ length: 60 }, async (_, round) => {
      const first = claim(`slow-${round}`, { ttlMs })
      const { askedAt, lifeMs } = held(await far.enter(first))
      const arrivedMs = systemClock.monotonicMs()
      const next = claim(`slow-${round}`)
      for (;;) {
        const standing = await near.enter(next)
        // What was granted before this moment was granted by then.
        if (standing.kind === 'held') break
        await near.watch(next, AbortSignal.timeout(5))
      }
      const grantedMs = systemClock.monotonicMs()
      promised(() => expect(askedAt.monotonicMs + lifeMs * 0.99).toBeLessThanOrEqual(grantedMs))
      return arrivedMs + lifeMs * 0.99 > grantedMs
    })
    const late = await Promise.all(rounds)
    expect(late.filter(Boolean).length).toBeGreaterThan(10)
  })

  test('that is cut takes no lease and no place in the line, and a turn is told soon after', async () => {
    const engine = memoryEngine()
    const { way, store } = await slowWay(() => memory(engine))
    const [far, near] = [client(store), client(memory(engine))]
    const lease = await near.acquire('seat')
    const kept = await far.acquire('kept')
    const turn = far.acquire('seat', { wait: '10s' })
    await expect.poll(async () => (await near.inspect('seat')).claims.length).toBe(2)
    way.resetConnections()
    await lease.release()
    expect((await turn).token).toBeGreaterThan(lease.token)
    expect(kept.isHeld()).toBe(true)
    expect(await kept.release()).toBe('released')
  })
})

test('a server that is killed takes no grant along, and the lease goes on with the next one', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-'))
  stage.defer(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'locks.db')
  const start = async (listen: string): Promise<{ readonly url: string; kill(): Promise<unknown> }> => {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'seam-child.fixture.ts'), path, listen], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const kill = async (): Promise<void> => {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    stage.defer(kill)
    const [text] = (await once(child.stdout, 'data')) as [Buffer]
    return { url: text.toString().trim(), kill }
  }
  const first = await start('127.0.0.1:0')
  const [far, near] = [client(http(first.url)), client(sqlite({ path }))]
  const lease = await far.acquire('seat')
  await first.kill()
  // SQLite ends what a killed process held within a tenth of a second.
  expect(await near.acquire('seat', { wait: '400ms' }).catch(() => 'busy')).toBe('busy')
  await start(new URL(first.url).host)
  await expect.poll(async () => (await near.inspect('seat')).claims[0]?.endsInMs ?? 0).toBeGreaterThan(1_500)
  promised(() => expect(lease.isHeld()).toBe(true))
  expect(await lease.release()).toBe('released')
})

describe('servers of one engine behind a balancer', () => {
  /** Each new connection leads to the next server. */
  async function balancer(store: () => Store): Promise<string> {
    const servers: SeamServer[] = []
    const sockets = new Set<Socket>()
    let next = 0
    const listener = createServer((way) => {
      const server = connect(servers[(next += 1) % servers.length]?.port ?? 0, '127.0.0.1')
      for (const [one, other] of [
        [way, server],
        [server, way],
      ] as const) {
        sockets.add(one)
        one.on('error', () => other.destroy()).on('close', () => other.destroy())
        one.pipe(other)
      }
    })
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
    stage.defer(() => {
      listener.close()
      for (const socket of sockets) socket.destroy()
    })
    const host = `127.0.0.1:${(listener.address() as AddressInfo).port}`
    for (let count = 0; count < 2; count += 1) servers.push(await started(store, { hosts: [host] }))
    return `http://${host}`
  }

  test('serve one client together', async () => {
    const engine = memoryEngine()
    await handOver(await balancer(() => memory(engine)))
  })

  test('whose engine has sessions send a claim to the one that has it', async (context) => {
    await handOver(await balancer(await etcdStore(context)))
  })

  async function handOver(url: string): Promise<void> {
    const [one, other] = [client(http(url, { token: 'hf_secret' })), client(http(url, { token: 'hf_secret' }))]
    let last = 0n
    for (let turn = 0; turn < 3; turn += 1) {
      const lease = await one.acquire('seat', { wait: '10s' })
      const waited = other.acquire('seat', { wait: '10s' })
      await lease.release()
      const next = await waited
      promised(() => expect([lease.token > last, next.token > lease.token]).toEqual([true, true]))
      last = next.token
      expect(await next.release()).toBe('released')
    }
  }
})

describe('an engine with sessions', () => {
  test('keeps no claim for a program that died, although another one renews in the same session', async (context) => {
    const server = await started(await etcdStore(context))
    const [dead, other] = [await openStore(server.store()), await opened(server.store())]
    const { ttl } = dead.facts
    const ttlMs = ttl.minMs
    const [first, kept, next] = [claim('seat', { ttlMs }), claim('kept', { ttlMs }), claim('seat')]
    const { askedAt, lifeMs } = held(await dead.enter(first))
    const { token } = held(await other.enter(kept))
    await dead.close()
    for (let standing: Standing = { kind: 'gone' }; standing.kind !== 'held';) {
      held((await other.renew([{ ref: { ...refOf(kept), token }, ttlMs }]))[0] as Standing)
      standing = await other.enter(next)
      if (standing.kind === 'queued') await other.watch(refOf(next), AbortSignal.timeout(ttlMs / 4))
    }
    const waitedMs = systemClock.monotonicMs() - askedAt.monotonicMs
    promised(() => expect(waitedMs).toBeGreaterThan(lifeMs * 0.99))
    expect(waitedMs).toBeLessThan(lifeMs + 2_000)
  })

  describe('passes the cases', { concurrent: true }, () => {
    test.for(casesOf('idempotent-enter', 'watch'))('$rule: $name', async (each, context) => {
      await passes(each, 'etcd', await etcdStore(context))
    })
  })
})

describe('an engine that many programs use passes the cases', { concurrent: true }, () => {
  test.for(casesOf('idempotent-enter', 'watch'))('$rule: $name', async (each, context) => {
    await requireEngine(context, redisServer)
    const { url } = await (engines.redis ??= redisServer.start())
    await passes(each, 'redis', () => redis(url))
  })
})

describe('a caller that is bound to a prefix', () => {
  test('has the names under it in the namespace of the server, and nothing else', async () => {
    const server = await started(memory, { scopes: 'read,lock', prefix: 'orders:' })
    const store = await opened(server.store())
    const refused = { code: 'STORE_UNAVAILABLE', isFinal: true }
    const own = claim('orders:1')
    const { token } = held(await store.enter(own))
    expect(await store.list('default!orders:', undefined, 10)).toEqual({ resources: [own.resource] })
    for (const resource of ['default!other', 'elsewhere!orders:1']) {
      await expect(store.enter({ ...own, resource })).rejects.toMatchObject(refused)
      await expect(store.look(resource)).rejects.toMatchObject(refused)
      const [answer] = await store.renew([{ ref: { ...refOf(own), resource }, ttlMs: 1_000 }])
      expect(answer).toMatchObject(refused)
    }
    for (const prefix of ['', 'default!', 'default!order', 'elsewhere!orders:']) {
      await expect(store.list(prefix, undefined, 10)).rejects.toMatchObject(refused)
    }
    await expect(store.evict(own.resource, token, 'stuck')).rejects.toThrow(/operate/)
    expect(await store.leave({ ...refOf(own), token })).toBe('left')
  })
})
