/**
 * The least that a lock in Redis can be: `SET NX PX`, and a delete that looks for the owner. No token, no queue, no
 * wake-up, no renewal, no deadline. What the store costs is counted against this, in two forms: as people write it, and
 * as fast as it gets with the same driver.
 */
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import type { NameOf } from '../holdfast-lock.ts'
import type { Contestant } from '../slices.ts'

const GIVE_BACK = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`
const GIVE_BACK_SHA = createHash('sha1').update(GIVE_BACK).digest('hex')
const OWNER_BYTES = 20
const TTL_MS = 10_000

/** ioredis makes a method of a script, and random bytes are the owner: the usual way. */
export function bareLock(client: Redis, nameOf: NameOf): Contestant {
  client.defineCommand('giveBack', { numberOfKeys: 1, lua: GIVE_BACK })
  const { giveBack } = client as unknown as { giveBack(key: string, owner: string): Promise<unknown> }
  return contestant(
    client,
    nameOf,
    () => randomBytes(OWNER_BYTES).toString('hex'),
    (key, owner) => giveBack.call(client, key, owner),
  )
}

/** The script by its hash, and an owner from a pool of randomness. */
export async function fastestBareLock(client: Redis, nameOf: NameOf): Promise<Contestant> {
  await client.script('LOAD', GIVE_BACK)
  return contestant(client, nameOf, randomUUID, (key, owner) => client.evalsha(GIVE_BACK_SHA, 1, key, owner))
}

function contestant(
  client: Redis,
  nameOf: NameOf,
  newOwner: () => string,
  giveBack: (key: string, owner: string) => Promise<unknown>,
): Contestant {
  return {
    async pair(turn) {
      const key = `bare:${nameOf(turn)}`
      const owner = newOwner()
      if ((await client.set(key, owner, 'PX', TTL_MS, 'NX')) !== 'OK')
        throw new Error(`the bare lock found ${key} taken`)
      if ((await giveBack(key, owner)) !== 1) throw new Error(`the bare lock lost ${key}`)
    },
  }
}
