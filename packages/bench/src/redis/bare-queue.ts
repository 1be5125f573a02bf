/**
 * The least that a fair lock in Redis can be: a list of waiters inside the two scripts, the giver hands the lock to the
 * first of them and tells its process by one PUBLISH. It is a limit and no product: a waiter that died is given the lock
 * all the same, nothing is renewed, there is no token and no deadline.
 */
import { createHash, randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import { connect } from './client.ts'
import type { Locker, LockerSettings } from '../server/locker.ts'

const TAKE = `if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
redis.call('RPUSH', KEYS[2], ARGV[1] .. '|' .. ARGV[2] .. '|' .. ARGV[3])
return 0`

const GIVE_BACK = `if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
local first = redis.call('LPOP', KEYS[2])
if not first then return redis.call('DEL', KEYS[1]) end
local id, ttl, channel = string.match(first, '^([^|]+)|([^|]+)|(.+)$')
redis.call('SET', KEYS[1], id, 'PX', ttl)
redis.call('PUBLISH', channel, id)
return 1`

const shaOf = (script: string): string => createHash('sha1').update(script).digest('hex')
const [TAKE_SHA, GIVE_BACK_SHA] = [shaOf(TAKE), shaOf(GIVE_BACK)]

export async function bareQueueLocker({ url, ttlMs }: LockerSettings): Promise<Locker> {
  const client = await connect(url)
  const listener: Redis = client.duplicate({ lazyConnect: true })
  const channel = `bare:${randomUUID()}`
  const waiting = new Map<string, () => void>()
  await listener.connect()
  await listener.subscribe(channel)
  listener.on('message', (_, id: string) => waiting.get(id)?.())
  await client.script('LOAD', TAKE)
  await client.script('LOAD', GIVE_BACK)
  return {
    async acquire(name) {
      const keys = [`bare:{${name}}`, `bare:{${name}}:queue`] as const
      const id = randomUUID()
      const turn = Promise.withResolvers<void>()
      waiting.set(id, turn.resolve)
      if ((await client.evalsha(TAKE_SHA, 2, ...keys, id, ttlMs, channel)) === 0) await turn.promise
      waiting.delete(id)
      return async () => {
        if ((await client.evalsha(GIVE_BACK_SHA, 2, ...keys, id)) !== 1) throw new Error(`the bare queue lost ${name}`)
      }
    },
    readings: () => ({ sent: client.sent }),
    async close() {
      listener.disconnect()
      client.disconnect()
    },
  }
}
