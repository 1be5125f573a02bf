/**
 * Members that are killed, paused, restarted or cut off while locks are held, and holders that die: nothing is granted
 * twice, nothing is stranded, and no error event ends the process.
 * @module-tag real-time
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import * as server from '@holdfast/testbed/engines/etcd/driver'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { locate } from '@holdfast/testbed/os/hosts'
import { requireAbility } from '@holdfast/testbed/os/rights'
import { promised } from '@holdfast/testbed/watchdog/broken-promise'
import { beforeEach, expect, test } from 'vitest'
import { holdfast } from '../../holdfast.ts'
import type { Lease } from '../../lease/lease.ts'
import { again, claim, held, turnOf } from '../claims.fixture.ts'
import { base64, gateway, Stage, urlOf } from './etcd.fixture.ts'
import { etcd } from './index.ts'

beforeEach(async (context) => {
  await requireEngine(context, server)
})

/** What a killed member of three may cost: an election, and the time until clients know. */
const GAP_MS_MAX = 6_000

test(
  'the leader is killed while locks are held and sixty wait: every turn comes in order, and no lease is lost',
  { timeout: 120_000 },
  async () => {
    await using stage = new Stage()
    const cluster = await stage.cluster()
    const clients = Array.from({ length: 3 }, () => holdfast(etcd(cluster.url), { ttl: '6s' }))
    for (const client of clients) stage.ending(() => client.close())
    const kept = await Promise.all(clients.map((client, index) => client.acquire(`kept ${index}`)))
    const grants: { readonly token: bigint; readonly atMs: number }[] = []
    let holders = 0
    const hold = async (lease: Lease): Promise<void> => {
      holders += 1
      promised(() => expect(holders).toBe(1))
      grants.push({ token: lease.token, atMs: performance.now() })
      await new Promise((resolve) => setTimeout(resolve, 20))
      holders -= 1
      await lease.release()
    }
    const first = await clients[0]?.acquire('line')
    const turns = Array.from({ length: 60 }, (_, index) => clients[index % 3]?.acquire('line', { wait: '60s' }))
    await expect.poll(async () => (await clients[0]?.inspect('line'))?.claims.length, { timeout: 20_000 }).toBe(61)
    await (await cluster.leader()).engine.kill()
    if (first !== undefined) await hold(first)
    await Promise.all(turns.map(async (turn) => turn?.then(hold)))
    const gaps = grants.map(({ atMs }, index) => atMs - (grants[index - 1]?.atMs ?? atMs))
    promised(() => {
      expect(grants).toHaveLength(61)
      const tokens = grants.map(({ token }) => token)
      expect(tokens).toEqual(tokens.toSorted((one, other) => (one < other ? -1 : 1)))
    })
    expect(Math.max(...gaps)).toBeLessThan(GAP_MS_MAX)
    expect(kept.map(({ state }) => state)).toEqual(['held', 'held', 'held'])
    for (const lease of kept) expect(await lease.release()).toBe('released')
  },
)

test('what a member has passed on to a leader that was killed is asked for again when there is another one', async () => {
  await using stage = new Stage()
  const cluster = await stage.cluster()
  const leader = await cluster.leader()
  const follower = cluster.members.find((member) => member !== leader)
  if (follower === undefined) throw new Error('all members lead')
  const locks = holdfast(etcd(urlOf(follower.engine)), { ttl: '20s' })
  stage.ending(() => locks.close())
  const troubles: string[] = []
  locks.on('trouble', ({ error }) => troubles.push(String(error)))
  await (await locks.acquire('before')).release()
  await leader.engine.kill()
  const lease = await locks.acquire('after', { wait: '20s' })
  expect(await lease.release()).toBe('released')
  expect(troubles.join()).toMatch(/another leader was elected while it answered nothing/)
})

test('while the members have no leader none is said to have been elected, whatever their term', async () => {
  await using stage = new Stage()
  const cluster = await stage.cluster()
  const leader = await cluster.leader()
  const [alone, other] = cluster.members.filter((member) => member !== leader)
  if (alone === undefined || other === undefined) throw new Error('all members lead')
  const locks = holdfast(etcd(urlOf(alone.engine)), { ttl: '20s' })
  stage.ending(() => locks.close())
  const troubles: string[] = []
  locks.on('trouble', ({ error }) => troubles.push(String(error)))
  await (await locks.acquire('before')).release()
  await Promise.all([leader.engine.kill(), other.engine.kill()])
  await expect(locks.acquire('after', { wait: '5s' })).rejects.toThrow()
  expect(troubles.join()).not.toMatch(/another leader was elected/)
  await other.engine.restart()
  expect(await (await locks.acquire('after', { wait: '20s' })).release()).toBe('released')
})

test('a member that falls silent is left, and what was held through it stays held', { timeout: 60_000 }, async () => {
  await using stage = new Stage()
  const cluster = await stage.cluster({ proxied: true })
  const leader = await cluster.leader()
  const [follower, ...others] = cluster.members.toSorted((member) => (member === leader ? 1 : -1))
  for (const { proxy } of others) proxy?.set({ kind: 'cut' })
  const locks = holdfast(etcd(cluster.url), { ttl: '10s' })
  stage.ending(() => locks.close())
  const troubles: string[] = []
  locks.on('trouble', ({ error }) => troubles.push(String(error)))
  const lease = await locks.acquire('kept')
  for (const { proxy } of others) proxy?.set({ kind: 'pass' })
  await follower?.engine.pause()
  const other = await locks.acquire('other', { wait: '20s' })
  expect(lease.isHeld()).toBe(true)
  await new Promise((resolve) => setTimeout(resolve, 12_000))
  expect([lease.state, other.state]).toEqual(['held', 'held'])
  expect(await lease.release()).toBe('released')
  await follower?.engine.resume()
  await other.release()
  expect(troubles.join()).toMatch(/no answer to (?:anything|a ping)/)
})

test(
  'the holder is killed with -9: the next grant comes at the end of its ttl, and not before',
  { timeout: 60_000 },
  async () => {
    await using stage = new Stage()
    const engine = await stage.server()
    const script = fileURLToPath(new URL('child.fixture.ts', import.meta.url))
    const child = spawn(process.execPath, [script, urlOf(engine), 'killed', '4000'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    stage.ending(() => void child.kill('SIGKILL'))
    const [token] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
    const heldAtMs = performance.now()
    const locks = holdfast(etcd(urlOf(engine)), { ttl: '4s' })
    stage.ending(() => locks.close())
    const turn = locks.acquire('killed', { wait: '30s' })
    child.kill('SIGKILL')
    const next = await turn
    const waitedMs = performance.now() - heldAtMs
    promised(() => {
      expect(next.token).toBeGreaterThan(BigInt(token))
      // The child may have held for a moment before it said so.
      expect(waitedMs).toBeGreaterThan(3_000)
    })
    expect(waitedMs).toBeLessThan(4_000 + 2_500)
    await next.release()
  },
)

test(
  'the only server is killed and comes back: its holder holds, and the waiter gets its turn',
  { timeout: 60_000 },
  async () => {
    await using stage = new Stage()
    const engine = await stage.server()
    const url = urlOf(engine)
    const [store, other] = [await stage.opened(etcd(url)), await stage.opened(etcd(url))]
    const [first, second] = [claim('n!lock', { ttlMs: 30_000 }), claim('n!lock', { ttlMs: 30_000 })]
    const { token } = held(await store.enter(first))
    const turn = turnOf(other, second)
    await new Promise((resolve) => setTimeout(resolve, 300))
    await engine.kill()
    await expect(store.look('n!lock')).rejects.toMatchObject({
      code: expect.stringMatching(/STORE_UNAVAILABLE|OUTCOME_UNKNOWN/),
      isFinal: false,
    })
    await engine.restart()
    expect(await again(() => store.renew([{ ref: first, ttlMs: 30_000 }]))).toMatchObject([{ kind: 'held', token }])
    expect(await again(() => store.leave({ ...first, token }))).toBe('left')
    expect((await turn).token).toBeGreaterThan(token)
  },
)

test('an observer whose version etcd has compacted away is told to look again', { timeout: 30_000 }, async () => {
  await using stage = new Stage()
  const engine = await stage.server()
  const store = await stage.opened(etcd(urlOf(engine)))
  const { version } = await store.look('n!lock')
  for (let turn = 0; turn < 3; turn += 1) {
    const asked = claim('n!lock')
    held(await store.enter(asked))
    await store.leave(asked)
  }
  const { header } = (await gateway(engine, 'kv/range', { key: base64('x') })) as { header: { revision: string } }
  await gateway(engine, 'kv/compaction', { revision: header.revision, physical: true })
  const patience = AbortSignal.timeout(5_000)
  expect(await store.observe('n!lock', version, patience)).toBe(version)
  expect(patience.aborted).toBe(false)
  const now = await store.look('n!lock')
  const watching = store.observe('n!lock', now.version, AbortSignal.timeout(20_000))
  held(await store.enter(claim('n!lock')))
  expect(await watching).not.toBe(now.version)
})

test(
  'the leader is cut off together with a holder: its lease ends before the next one is granted, others keep theirs',
  { timeout: 120_000 },
  async (context) => {
    const own = await requireAbility(context, locate)
    const [program, ...words] = own.within
    const script = fileURLToPath(new URL('cut.fixture.ts', import.meta.url))
    const child = spawn(program, [...words, process.execPath, script], {
      env: { ...process.env, ...own.environment },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = once(child, 'exit')
    const line = once(createInterface({ input: child.stdout }), 'line') as Promise<[string]>
    const [text] = await Promise.race([line, ended.then(() => ['null'] as const)])
    const told: unknown = JSON.parse(text)
    promised(() => expect(told).toMatchObject({ overlap: false, rises: true, healed: true }))
    expect(told).toMatchObject({ kept: 'held', alone: expect.stringMatching(/refused|failed/) })
    await ended
  },
)
