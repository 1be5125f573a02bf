/**
 * A primary that Sentinels replace: the store goes on with the next one, and says what such a failover may forget.
 * @module-tag real-time
 */
import { Redis } from 'ioredis'
import { createSentinel } from 'redis'
import { beforeEach, expect, test } from 'vitest'
import type { Member } from '@holdfast/testbed/engines/driver'
import { type RedisSentinel, startSentinel } from '@holdfast/testbed/engines/redis/sentinel'
import * as server from '@holdfast/testbed/engines/redis/server'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { until } from '@holdfast/testbed/engines/until'
import { type AnyRedisClient, redis } from './index.ts'
import { again, claim, held, Stage, takeAndLeave, turnOf } from './redis.fixture.ts'

const RESOURCE = 'n!lock'
const KEY = `holdfast:{${RESOURCE}}`

beforeEach(async (context) => {
  await requireEngine(context, server)
})

/** A group of its own for each test, because the tests run side by side: they mostly wait for Sentinels. */
class Scene implements AsyncDisposable {
  readonly stage = new Stage()
  readonly group: RedisSentinel

  constructor(group: RedisSentinel) {
    this.group = group
  }

  get url(): string {
    return this.group.url ?? ''
  }

  get sentinels(): { host: string; port: number }[] {
    return this.group.sentinels.map(({ engine }) => ({ host: engine.host, port: engine.port }))
  }

  /** Resolves when the Sentinels name another primary. */
  async replaced(end: (primary: Member) => Promise<unknown>): Promise<Member> {
    const before = await this.group.currentPrimary()
    await end(before)
    const successor = async (): Promise<boolean> => (await this.group.currentPrimary()).name !== before.name
    await until(successor, { withinMs: 30_000, everyMs: 50, what: 'the failover' })
    return this.group.currentPrimary()
  }

  /** The replica never heard of this lock; the rest of its data it has. */
  async forgottenByReplicas(): Promise<void> {
    for (const { url } of this.group.replicas) {
      const replica = this.stage.client({ url })
      const has = async (): Promise<boolean> => (await replica.exists(KEY)) === 1
      await until(has, { withinMs: 10_000, what: 'replication' })
      await replica.config('SET', 'replica-read-only', 'no')
      await replica.del(KEY, `${KEY}:index`)
    }
  }

  async failover(): Promise<void> {
    const [first] = this.group.sentinels
    await this.stage.client({ url: first?.engine.url ?? '' }).call('SENTINEL', 'FAILOVER', this.group.serviceName)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stage[Symbol.asyncDispose]()
    await this.group.close()
  }
}

async function ioredisClient({ stage, sentinels, group }: Scene): Promise<AnyRedisClient> {
  const client = new Redis({ sentinels, name: group.serviceName })
  client.on('error', () => undefined)
  stage.ending(() => client.disconnect())
  return client
}

async function nodeRedisClient({ stage, sentinels, group }: Scene): Promise<AnyRedisClient> {
  const client = createSentinel({ name: group.serviceName, sentinelRootNodes: sentinels })
  client.on('error', () => undefined)
  await client.connect()
  stage.ending(() => client.destroy())
  return client
}

test.concurrent.each([
  ['a URL', async ({ url }: Scene): Promise<string> => url],
  ['ioredis', ioredisClient],
  ['node-redis', nodeRedisClient],
] as const)(
  'through %s a killed primary is replaced: waiters go on, tokens rise, and a holder that was forgotten is told',
  { timeout: 60_000 },
  async (_, connect) => {
    await using scene = new Scene(await startSentinel())
    const { stage } = scene
    const store = await stage.opened(redis(await connect(scene)))
    const { facts } = store
    expect(facts).toMatchObject({ safetyClass: 'best-effort', engine: expect.stringContaining('Sentinel') })
    expect(facts.reasons.join(' ')).toContain('Sentinels may replace it')
    const known = claim('n!known', { ttlMs: 60_000 })
    const { token: knownToken } = held(await store.enter(known))
    const holder = claim(RESOURCE, { ttlMs: 60_000 })
    const { token } = held(await store.enter(holder))
    const other = await stage.opened(redis(scene.url))
    const waiting = turnOf(other, claim(RESOURCE, { ttlMs: 60_000 }))
    await until(async () => (await store.look(RESOURCE)).claims.length === 2, { withinMs: 10_000, what: 'the waiter' })
    await scene.forgottenByReplicas()
    await scene.replaced(({ engine }) => engine.kill())
    // The waiter entered anew and holds; who held before has no way to keep the lock.
    const next = await waiting
    expect(next.token).toBeGreaterThan(token)
    const answers = await again(async () => {
      const [gone, kept] = await store.renew([
        { ref: { resource: RESOURCE, id: holder.id, token }, ttlMs: 60_000 },
        { ref: { resource: known.resource, id: known.id, token: knownToken }, ttlMs: 60_000 },
      ])
      return [gone, kept]
    })
    expect(answers).toMatchObject([{ kind: 'gone' }, { kind: 'held', token: knownToken }])
    expect(await again(() => store.leave({ resource: RESOURCE, id: holder.id, token }))).toBe('gone')
    expect(await again(() => takeAndLeave(store, 'n!fresh'))).toBeGreaterThan(next.token)
  },
)

test.concurrent.each([
  ['demoted and goes on as a replica', (scene: Scene): Promise<void> => scene.failover()],
  ['frozen with its connections', (_: Scene, primary: Member): Promise<void> => primary.engine.pause()],
] as const)(
  'the store of a URL leaves a primary that is %s, and is told again of its turns',
  { timeout: 60_000 },
  async (_, end) => {
    await using scene = new Scene(await startSentinel())
    const { stage } = scene
    const store = await stage.opened(redis(scene.url))
    const before = await takeAndLeave(store, RESOURCE)
    const successor = stage.client(await scene.replaced((primary) => end(scene, primary)))
    const after = await again(() => takeAndLeave(store, RESOURCE))
    expect(after).toBeGreaterThan(before)
    // The connection that listens has followed as well.
    const hears = async (): Promise<boolean> => String(await successor.pubsub('CHANNELS', 'holdfast:c:*')) !== ''
    await until(hears, { withinMs: 12_000, what: 'listening to the new primary' })
  },
)
