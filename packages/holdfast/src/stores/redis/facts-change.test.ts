/**
 * The server behind a connection is replaced, or set up otherwise: what the store promises follows, and nothing is granted
 * that promises less than the client requires.
 * @module-tag real-time
 */
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Engine } from '@holdfast/testbed/engines/engine'
import * as server from '@holdfast/testbed/engines/redis/server'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { openProxy, type Proxy } from '@holdfast/testbed/proxy/proxy'
import { holdfast } from '../../holdfast.ts'
import type { Facts } from '../../store/facts.ts'
import { environmentOf, timersOf } from '../../store/environment.ts'
import { systemClock } from '../../time/clock.ts'
import { never } from '../opened.fixture.ts'
import { driverOf } from '../redis-driver/client.ts'
import { type AnyRedisClient, redis, type RedisDriver } from './index.ts'
import { claim, held, Stage } from './redis.fixture.ts'
import { scripts } from './scripts.ts'

let stage: Stage
let durable: Engine
let proxy: Proxy

beforeEach(async (context) => {
  await requireEngine(context, server)
  stage = new Stage()
  durable = await stage.server({ aof: 'always' })
  proxy = await openProxy(durable)
  stage.ending(() => proxy.close())
})
afterEach(() => stage[Symbol.asyncDispose]())

async function nodeRedis(url: string): Promise<AnyRedisClient> {
  const client = createClient({ url })
  client.on('error', () => undefined)
  await client.connect()
  stage.ending(() => client.destroy())
  return client
}

function ioredis(url: string): Redis {
  const client = new Redis(url)
  client.on('error', () => undefined)
  stage.ending(() => client.disconnect())
  return client
}

/** Without a word of connections that end: only what listens tells, and a server that does not know the scripts. */
function plain(url: string): RedisDriver {
  const { send, listen } = driverOf(ioredis(url))
  return { send, listen }
}

test.each([
  ['a URL', async (url: string) => url],
  ['ioredis', async (url: string) => ioredis(url)],
  ['node-redis', nodeRedis],
  ['a driver of the caller', async (url: string) => plain(url)],
] as const)('through %s nothing is granted by a server that promises less', { timeout: 60_000 }, async (_, connect) => {
  const lesser = await stage.server()
  const said: string[] = []
  const ignore = (): void => undefined
  const logger = { debug: ignore, info: ignore, warn: (words: string) => void said.push(words), error: ignore }
  const locks = holdfast(redis(await connect(proxy.through(durable.url))), { require: 'durable', ttl: '3s', logger })
  stage.ending(() => locks.close())
  const changes: Pick<Facts, 'safetyClass'>[][] = []
  locks.on('facts', ({ facts, before }) => changes.push([before, facts]))
  expect((await locks.open()).safetyClass).toBe('durable')
  await locks.using('before', () => undefined)

  proxy.retarget(lesser)
  for (let asked = 0; asked < 5; asked += 1) {
    await expect(locks.tryAcquire(`lesser ${asked}`)).rejects.toMatchObject({ code: 'UNSUPPORTED' })
  }
  await expect(locks.acquire('lesser', { wait: '1s' })).rejects.toThrow(/class "best-effort", required is "durable"/)
  expect((await locks.open()).safetyClass).toBe('best-effort')
  expect(changes).toMatchObject([[{ safetyClass: 'durable' }, { safetyClass: 'best-effort' }]])
  expect(said.join('; ')).toContain('is of class "best-effort" now, and was "durable"')
  const { claims } = await holdfast(redis(lesser.url)).inspect('lesser 0')
  expect(claims).toEqual([])

  proxy.retarget(durable)
  await expect.poll(async () => (await locks.open()).safetyClass, { timeout: 10_000 }).toBe('durable')
  await locks.using('after', () => undefined)
})

test('a grant that was in flight when the server was replaced is not handed out before the new one is known', async () => {
  const port = driverOf(ioredis(durable.url))
  const direct = ioredis(durable.url)
  let disconnect: () => void = () => undefined
  const known: string[] = []
  const store = redis({
    listen: (hearer) => port.listen(hearer),
    onDisconnect(listener) {
      disconnect = listener
      return () => undefined
    },
    async send(words) {
      const answer = await port.send(words)
      if (words[1] === scripts.enter.sha) {
        // The next server answered.
        await direct.config('SET', 'appendfsync', 'everysec')
        disconnect()
      }
      return answer
    },
  })
  const environment = environmentOf(systemClock, timersOf(systemClock), never, {
    factsChanged: ({ safetyClass }) => known.push(safetyClass),
  })
  const opened = await store.open(environment)
  stage.ending(() => opened.close())
  expect(opened.facts.safetyClass).toBe('durable')
  const mine = claim('n!flying')
  held(await opened.enter(mine))
  expect(known).toEqual(['best-effort'])
  expect(opened.facts.safetyClass).toBe('best-effort')
})

test('while a new server does not say what it is nothing is asked of it, and a grant in flight is in doubt', async () => {
  const port = driverOf(ioredis(durable.url))
  let disconnect: () => void = () => undefined
  let isSilent = false
  let duringEnter = (): void => undefined
  const store = await stage.opened(
    redis({
      listen: (hearer) => port.listen(hearer),
      onDisconnect(listener) {
        disconnect = listener
        return () => undefined
      },
      async send(words) {
        if (isSilent && words[0] === 'INFO') throw new Error('LOADING Redis is loading the dataset in memory')
        const answer = await port.send(words)
        if (words[1] === scripts.enter.sha) duringEnter()
        return answer
      },
    }),
  )
  ;[isSilent, duringEnter] = [true, () => disconnect()]
  const mine = claim('n!doubt')
  await expect(store.enter(mine)).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })
  duringEnter = () => undefined
  await expect(store.enter(claim('n!other'))).rejects.toMatchObject({ code: 'NOT_APPLIED' })
  expect((await store.look('n!other')).claims).toEqual([])
  // What is held can be kept and given back all the same.
  expect((await store.renew([{ ref: mine, ttlMs: 10_000 }]))[0]).toMatchObject({ kind: 'held' })
  isSilent = false
  held(await store.enter(mine))
  expect(await store.leave(mine)).toBe('left')
})
