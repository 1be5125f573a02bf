/**
 * Servers that are killed, paused or cut off while locks are held, holders that are cut off, paused or die: nothing is
 * granted twice, nothing is stranded, and no error event ends the process.
 * @module-tag real-time
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import type { ZookeeperEnsemble } from '@holdfast/testbed/engines/zookeeper/cluster'
import * as server from '@holdfast/testbed/engines/zookeeper/driver'
import { locate } from '@holdfast/testbed/os/hosts'
import { requireAbility } from '@holdfast/testbed/os/rights'
import { openProxy } from '@holdfast/testbed/proxy/proxy'
import { promised } from '@holdfast/testbed/watchdog/broken-promise'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { holdfast } from '../../holdfast.ts'
import type { Lease } from '../../lease/lease.ts'
import { sleep, systemClock } from '../../time/clock.ts'
import { again, claim, held, turnOf } from '../claims.fixture.ts'
import { environment } from '../opened.fixture.ts'
import { ZookeeperClient } from '../zookeeper-driver/client.ts'
import { makeNodes } from '../zookeeper-driver/nodes.ts'
import { ClaimSession, slackMsOf } from './claim-session.ts'
import { zookeeper } from './index.ts'
import { MARKS_PATH } from './paths.ts'
import { ZookeeperStage } from './zookeeper.fixture.ts'

/** 4 ticks of 250 ms, and half of one. */
const followerLag = 1_125
const stage = new ZookeeperStage()
let ensemble: ZookeeperEnsemble

beforeEach(async (context) => {
  await requireEngine(context, server)
  ensemble ??= await stage.ensemble({ settings: { tickTime: '250' } })
}, 30_000)
afterAll(() => stage[Symbol.asyncDispose]())

/** What an election may cost, and the time until clients know. */
const GAP_MS_MAX = 8_000

test(
  'the leader is killed while locks are held and a hundred wait: every turn comes in order, and no lease is lost',
  { timeout: 120_000 },
  async () => {
    const clients = Array.from({ length: 3 }, () =>
      stage.keep(holdfast(zookeeper(ensemble.url, { followerLag }), { ttl: '8s' }), (each) => each.close()),
    )
    const kept = await Promise.all(clients.map((client, index) => client.acquire(`kept ${index}`)))
    const grants: { readonly token: bigint; readonly atMs: number }[] = []
    let holders = 0
    const hold = async (lease: Lease): Promise<void> => {
      holders += 1
      promised(() => expect(holders).toBe(1))
      grants.push({ token: lease.token, atMs: performance.now() })
      await new Promise((resolve) => setTimeout(resolve, 5))
      holders -= 1
      await lease.release()
    }
    const first = await clients[0]?.acquire('line')
    const turns = Array.from({ length: 100 }, (_, index) => clients[index % 3]?.acquire('line', { wait: '60s' }))
    await expect.poll(async () => (await clients[0]?.inspect('line'))?.claims.length, { timeout: 20_000 }).toBe(101)
    const leader = await ensemble.leader()
    await leader.engine.kill()
    if (first !== undefined) await hold(first)
    // Entering, waiting and leaving go on while the servers elect: no claim has two nodes, and none is left behind.
    const loops = clients.map(async (client) => {
      for (let turn = 0; turn < 5; turn += 1) await client.acquire('line', { wait: '60s' }).then(hold)
    })
    await Promise.all([...loops, ...turns.map(async (turn) => turn?.then(hold))])
    const gaps = grants.map(({ atMs }, index) => atMs - (grants[index - 1]?.atMs ?? atMs))
    promised(() => {
      expect(grants).toHaveLength(116)
      const tokens = grants.map(({ token }) => token)
      expect(tokens).toEqual(tokens.toSorted((one, other) => (one < other ? -1 : 1)))
    })
    expect(Math.max(...gaps)).toBeLessThan(GAP_MS_MAX)
    expect(kept.map(({ state }) => state)).toEqual(['held', 'held', 'held'])
    for (const lease of kept) expect(await lease.release()).toBe('released')
    expect((await again(async () => await clients[0]?.inspect('line')))?.claims).toEqual([])
    await leader.engine.restart()
  },
)

test('a holder whose packets get lost stops believing before the next claim holds', { timeout: 40_000 }, async () => {
  const proxies = await Promise.all(ensemble.members.map(({ engine }) => openProxy(engine)))
  for (const proxy of proxies) stage.keep(proxy, (each) => each.close())
  const hosts = proxies.map(({ port }) => `127.0.0.1:${port}`).join(',')
  const options = { ttl: '2s' } as const
  const far = stage.keep(holdfast(zookeeper(`zookeeper://${hosts}`, { followerLag }), options), (each) => each.close())
  const near = stage.keep(holdfast(zookeeper(ensemble.url, { followerLag }), options), (each) => each.close())
  const lost = await far.acquire('black-hole')
  let believedUntilMs = Number.POSITIVE_INFINITY
  lost.signal.addEventListener('abort', () => (believedUntilMs = performance.now()))
  for (const proxy of proxies) proxy.set({ kind: 'black-hole' })
  const next = await near.acquire('black-hole', { wait: '30s' })
  const grantedAtMs = performance.now()
  promised(() => {
    expect(lost.isHeld()).toBe(false)
    expect(believedUntilMs).toBeLessThan(grantedAtMs)
    expect(next.token).toBeGreaterThan(lost.token)
  })
  for (const proxy of proxies) proxy.set({ kind: 'cut' })
  await next.release()
})

test(
  'the session of a holder that is paused expires: the next grant comes behind its ttl, and the holder knows when it runs again',
  { timeout: 40_000 },
  async () => {
    const script = fileURLToPath(new URL('child.fixture.ts', import.meta.url))
    const child = spawn(process.execPath, [script, ensemble.url, 'paused', '2000', String(followerLag)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    stage.keep(child, () => void child.kill('SIGKILL'))
    const lines = createInterface({ input: child.stdout })
    const [token] = (await once(lines, 'line')) as [string]
    const heldAtMs = performance.now()
    const locks = stage.keep(holdfast(zookeeper(ensemble.url, { followerLag }), { ttl: '2s' }), (each) => each.close())
    const { ttl } = await locks.open()
    child.kill('SIGSTOP')
    const next = await locks.acquire('paused', { wait: '30s' })
    const waitedMs = performance.now() - heldAtMs
    const told = once(lines, 'line') as Promise<[string]>
    child.kill('SIGCONT')
    const [state] = await told
    promised(() => {
      expect(state).toBe('lost')
      expect(next.token).toBeGreaterThan(BigInt(token))
      // The child may have held for a moment before it said so.
      expect(waitedMs).toBeGreaterThan(1_500)
    })
    expect(waitedMs).toBeLessThan(2_000 + (ttl.takeoverMs ?? 0) + 1_000)
    await next.release()
  },
)

test(
  'what a follower answers without its leader moves no deadline past the end of the session',
  { timeout: 40_000 },
  async () => {
    const [ttlMs, leader] = [8_000, await ensemble.leader()]
    const follower = ensemble.members.find((member) => member !== leader)
    if (follower === undefined) throw new Error('no server follows')
    const { host, port } = follower.engine
    const plan = {
      servers: [{ host, port }],
      user: undefined,
      tls: undefined,
      root: '/stalled',
      followerLagMs: followerLag,
    }
    const client = stage.keep(new ZookeeperClient(plan, environment()), (each) => each.close())
    await makeNodes(client, [MARKS_PATH])
    const session = stage.keep(await ClaimSession.begin(client, ttlMs, 0), (each) => each.end(true))
    const askedAtFirst = session.askedAt.monotonicMs
    await expect.poll(() => session.askedAt.monotonicMs, { interval: 20 }).toBeGreaterThan(askedAtFirst + 300)
    // The process stalls, and sends no ping; when it runs again the leader has stopped.
    const stalledAtMs = systemClock.monotonicMs()
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, followerLag + 300)
    await leader.engine.pause()
    let lastMs = 0
    // Later the others have elected another leader, which confirms the session.
    const patience = AbortSignal.timeout(0.8 * followerLag)
    while (!patience.aborted) {
      lastMs = Math.max(lastMs, session.askedAt.monotonicMs)
      promised(() => expect(session.askedAt.monotonicMs).toBeLessThanOrEqual(stalledAtMs + slackMsOf(followerLag)))
      await sleep(systemClock, 20)
    }
    // It was answered all the same.
    expect(lastMs).toBeGreaterThan(stalledAtMs)
    await leader.engine.resume()
  },
)

test(
  'the only server is killed and comes back: its holder holds, and the waiter gets its turn',
  { timeout: 60_000 },
  async () => {
    const { url, kill, restart } = await stage.server().then((engine) => ({
      url: engine.url,
      kill: () => engine.kill(),
      restart: () => engine.restart(),
    }))
    const [store, other] = [await stage.opened(zookeeper(url)), await stage.opened(zookeeper(url))]
    const [first, second] = [claim('n!lock', { ttlMs: 30_000 }), claim('n!lock', { ttlMs: 30_000 })]
    const { token } = held(await store.enter(first))
    const turn = turnOf(other, second)
    await expect.poll(async () => (await store.look('n!lock')).claims.length).toBe(2)
    await kill()
    await expect(store.look('n!lock')).rejects.toMatchObject({
      code: expect.stringMatching(/STORE_UNAVAILABLE|OUTCOME_UNKNOWN/) as string,
      isFinal: false,
    })
    await restart()
    const renewed = await again(async () => {
      const [answer] = await store.renew([{ ref: first, ttlMs: 30_000 }])
      if (answer instanceof Error) throw answer
      return answer
    })
    expect(renewed).toMatchObject({ kind: 'held', token })
    expect(await again(() => store.leave({ ...first, token }))).toBe('left')
    expect((await turn).token).toBeGreaterThan(token)
  },
)

test(
  'a follower is cut off from its leader and goes on answering pings: its holder stops before the next claim holds',
  { timeout: 120_000 },
  async (context) => {
    const own = await requireAbility(context, locate)
    const [program, ...words] = own.within
    const script = fileURLToPath(new URL('cut.fixture.ts', import.meta.url))
    const child = spawn(program, [...words, process.execPath, script, '1'], {
      env: { ...process.env, ...own.environment },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = once(child, 'exit')
    const line = once(createInterface({ input: child.stdout }), 'line') as Promise<[string]>
    const [text] = await Promise.race([line, ended.then(() => ['null'] as const)])
    const told: unknown = JSON.parse(text)
    promised(() => expect(told).toMatchObject([{ heldBefore: true, overlap: false, rises: true }]))
    await ended
  },
)
