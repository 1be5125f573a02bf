/**
 * The least that keeping very many locks can be: they stand in one list by the time when they are due, and one script
 * prolongs up to 256 of them. It is a limit and no product: a loss is not reported, a lost answer is not asked for again.
 */
import { createHash, randomUUID } from 'node:crypto'
import { nowMs } from '../clock.ts'
import { connect, type CountingRedis } from './client.ts'
import type { Locker, LockerSettings } from '../server/locker.ts'

const BATCH_MAX = 256
const TICK_MS = 50

const RENEW = `local renewed = 0
for index, key in ipairs(KEYS) do
  if redis.call('GET', key) == ARGV[index + 1] then
    redis.call('PEXPIRE', key, ARGV[1])
    renewed = renewed + 1
  end
end
return renewed`
const RENEW_SHA = createHash('sha1').update(RENEW).digest('hex')

interface Kept {
  readonly key: string
  readonly owner: string
  dueMs: number
  ended: boolean
}

export async function bareBatchLocker({ url, ttlMs }: LockerSettings): Promise<Locker> {
  const client = await connect(url)
  await client.script('LOAD', RENEW)
  let renewals = 0
  /** All have one period, so the order of taking stays the order of being due. */
  let kept: Kept[] = []
  const timer = setInterval(() => {
    const now = nowMs()
    const due = kept.findIndex(({ dueMs }) => dueMs > now)
    const [first, rest] = due < 0 ? [kept, []] : [kept.slice(0, due), kept.slice(due)]
    const living = first.filter(({ ended }) => !ended)
    for (const each of living) each.dueMs = now + ttlMs / 3
    kept = [...rest, ...living]
    for (let at = 0; at < living.length; at += BATCH_MAX) void renew(client, living.slice(at, at + BATCH_MAX), ttlMs)
    renewals += living.length
  }, TICK_MS)
  const keep = async (name: string) => {
    const lock = { key: `bare:${name}`, owner: randomUUID(), dueMs: nowMs() + ttlMs / 3, ended: false }
    if ((await client.set(lock.key, lock.owner, 'PX', ttlMs, 'NX')) !== 'OK') throw new Error(`${name} is taken`)
    kept.push(lock)
    return async () => {
      lock.ended = true
      return (await client.get(lock.key)) === lock.owner ? 'released' : 'lost'
    }
  }
  return {
    acquire: keep,
    keep,
    readings: () => ({ sent: client.sent, renewals }),
    async close() {
      clearInterval(timer)
      client.disconnect()
    },
  }
}

async function renew(client: CountingRedis, locks: readonly Kept[], ttlMs: number): Promise<void> {
  const renewed = await client.evalsha(
    RENEW_SHA,
    locks.length,
    ...locks.map(({ key }) => key),
    ttlMs,
    ...locks.map(({ owner }) => owner),
  )
  if (renewed !== locks.length) throw new Error(`the bare batch lost ${locks.length - Number(renewed)} locks`)
}
