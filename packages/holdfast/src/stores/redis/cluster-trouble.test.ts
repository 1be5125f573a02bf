/**
 * A Cluster that loses a primary, or moves a slot: what reaches the store is typed, and the locks go on.
 * @module-tag real-time
 */
import { Cluster } from 'ioredis'
import { createCluster } from 'redis'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Member } from '@holdfast/testbed/engines/driver'
import { type RedisCluster, startCluster } from '@holdfast/testbed/engines/redis/cluster'
import { RespConnection, type RespValue } from '@holdfast/testbed/engines/redis/resp'
import * as server from '@holdfast/testbed/engines/redis/server'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { patient } from '@holdfast/testbed/watchdog/pace'
import type { OpenStore } from '../../store/store.ts'
import { slotOf } from '../redis-driver/slots.ts'
import { redis } from './index.ts'
import { again, claim, held, Stage, takeAndLeave, turnOf } from './redis.fixture.ts'

let stage: Stage

beforeEach(async (context) => {
  await requireEngine(context, server)
  stage = new Stage()
})
afterEach(() => stage[Symbol.asyncDispose]())

function hostsOf({ masters }: RedisCluster): { host: string; port: number }[] {
  return masters.map(({ engine }) => ({ host: engine.host, port: engine.port }))
}

async function stores(cluster: RedisCluster): Promise<readonly OpenStore[]> {
  const hosts = hostsOf(cluster)
  const one = new Cluster(hosts)
  one.on('error', () => undefined)
  stage.ending(() => one.disconnect())
  const other = createCluster({ rootNodes: hosts.map(({ host, port }) => ({ url: `redis://${host}:${port}` })) })
  other.on('error', () => undefined)
  await other.connect()
  stage.ending(() => other.destroy())
  const url = `redis+cluster://${hosts.map(({ host, port }) => `${host}:${port}`).join(',')}`
  return [await stage.opened(redis(one)), await stage.opened(redis(other)), await stage.opened(redis(url))]
}

async function ask(member: Member | undefined, ...words: readonly (string | number)[]): Promise<RespValue> {
  await using connection = await RespConnection.open(member?.engine.url ?? '')
  return await connection.command(...words)
}

/** Slots are shared evenly, in the order of the primaries. */
function ownerOf({ masters }: RedisCluster, resource: string): number {
  return Math.floor((slotOf(`holdfast:{${resource}}`) * masters.length) / 16_384)
}

function resourceOn(cluster: RedisCluster, index: number, name: string): string {
  for (let tries = 0; tries < 1_000; tries += 1) {
    const resource = `n!${name}-${tries}`
    if (ownerOf(cluster, resource) === index) return resource
  }
  throw new Error('no such name')
}

test(
  'a killed primary: the other slots go on, and its own are taken over with rising tokens and told of again',
  { timeout: 90_000 },
  async () => {
    const cluster = await startCluster({ replicas: 1 })
    stage.ending(() => cluster.close())
    const all = await stores(cluster)
    expect(all[0]?.facts.reasons.join(' ')).toContain('Its primaries have 3 replicas')
    const scenes = []
    for (const [index, store] of all.entries()) {
      const [safe, hurt] = [
        claim(resourceOn(cluster, 1, `safe${index}`)),
        claim(resourceOn(cluster, 0, `hurt${index}`)),
      ]
      const renewals = []
      for (const each of [safe, hurt]) {
        const { token } = held(await store.enter({ ...each, ttlMs: 60_000 }))
        renewals.push({ ref: { resource: each.resource, id: each.id, token }, ttlMs: 60_000 })
      }
      const waiter = claim(hurt.resource, { ttlMs: 60_000 })
      const turn = turnOf(store, waiter)
      await expect.poll(async () => (await store.look(hurt.resource)).claims.length).toBe(2)
      scenes.push({ store, renewals, turn, waiter })
    }
    const replica = cluster.replicas[0]
    const offset = async (member: Member | undefined): Promise<string | undefined> =>
      /(?:master|slave)_repl_offset:(\d+)/.exec(String(await ask(member, 'INFO', 'replication')))?.[1]
    await expect.poll(async () => (await offset(replica)) === (await offset(cluster.masters[0]))).toBe(true)
    await cluster.masters[0]?.engine.kill()
    const startedMs = performance.now()
    const answers = await Promise.all(scenes.map(({ store, renewals }) => store.renew(renewals)))
    expect(performance.now() - startedMs).toBeLessThan(patient(8_000))
    for (const [safe, hurt] of answers) {
      expect(safe).toMatchObject({ kind: 'held' })
      // Unknown, unless the replica took over before the driver gave up.
      if (!(hurt instanceof Error)) expect(hurt).toMatchObject({ kind: 'held' })
    }
    for (const { store, renewals, turn, waiter } of scenes) {
      const [, hurt] = renewals
      if (hurt === undefined) throw new Error('nothing to renew')
      const kept = async (): Promise<unknown> => {
        const [answer] = await store.renew([hurt])
        return answer
      }
      await expect.poll(() => again(kept), { timeout: 30_000 }).toMatchObject({ kind: 'held', token: hurt.ref.token })
      expect(await again(() => store.leave(hurt.ref))).toBe('left')
      const next = await turn
      expect(next.token).toBeGreaterThan(hurt.ref.token)
      await again(() => store.leave({ ...waiter, token: next.token }))
      expect(await again(() => takeAndLeave(store, waiter.resource))).toBeGreaterThan(next.token)
    }
    // The drivers listen to the new primary again.
    const channels = async (): Promise<number> =>
      [await ask(replica, 'PUBSUB', 'SHARDCHANNELS', 'holdfast:{n!hurt*')].flat().length
    await expect.poll(channels, { timeout: 30_000 }).toBe(3)
  },
)

/** As `redis-cli --cluster reshard` does it, in steps. */
async function moveSlot(
  { masters }: RedisCluster,
  slot: number,
  [from, to]: readonly [number, number],
  meanwhile: () => Promise<void>,
): Promise<void> {
  const [source, target] = [masters[from], masters[to]]
  const [sourceId, targetId] = [await ask(source, 'CLUSTER', 'MYID'), await ask(target, 'CLUSTER', 'MYID')]
  await ask(target, 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', String(sourceId))
  await ask(source, 'CLUSTER', 'SETSLOT', slot, 'MIGRATING', String(targetId))
  await meanwhile()
  const keys = [await ask(source, 'CLUSTER', 'GETKEYSINSLOT', slot, 100)].flat().map(String)
  await ask(source, 'MIGRATE', '127.0.0.1', target?.engine.port ?? 0, '', 0, 5_000, 'KEYS', ...keys)
  await meanwhile()
  for (const each of [target, source, ...masters]) await ask(each, 'CLUSTER', 'SETSLOT', slot, 'NODE', String(targetId))
}

test(
  'a slot that moves: typed outcomes meanwhile, and holders and waiters go on at the new place',
  { timeout: 90_000 },
  async () => {
    const cluster = await startCluster()
    stage.ending(() => cluster.close())
    for (const [index, store] of (await stores(cluster)).entries()) {
      const resource = resourceOn(cluster, 0, `moving${index}`)
      const [holder, waiter] = [claim(resource, { ttlMs: 60_000 }), claim(resource, { ttlMs: 60_000 })]
      const ref = { resource, id: holder.id, token: held(await store.enter(holder)).token }
      const turn = turnOf(store, waiter)
      await expect.poll(async () => (await store.look(resource)).claims.length).toBe(2)
      const outcomes: unknown[] = []
      await moveSlot(cluster, slotOf(`holdfast:{${resource}}`), [0, 2], async () => {
        outcomes.push(
          await store.renew([{ ref, ttlMs: 60_000 }]).then(
            ([answer]) => answer,
            (error: unknown) => error,
          ),
        )
      })
      for (const outcome of outcomes) {
        if (outcome instanceof Error)
          expect(['NOT_APPLIED', 'OUTCOME_UNKNOWN']).toContain((outcome as { code?: string }).code)
        else expect(outcome).toMatchObject({ kind: 'held', token: ref.token })
      }
      expect(await again(() => store.renew([{ ref, ttlMs: 60_000 }]))).toMatchObject([
        { kind: 'held', token: ref.token },
      ])
      expect(await again(() => store.leave(ref))).toBe('left')
      expect((await turn).token).toBeGreaterThan(ref.token)
    }
  },
)
