/**
 * What the user of the connection may do, tried when a store opens. A script that lacks a right stops half-way, when a
 * waiter stands in line for the first time; so every command of every script is tried before any of them is needed.
 */
import { StoreUnavailable } from '../../store/errors.ts'
import { stampOf } from '../../time/clock.ts'
import { replyFields } from '../redis-driver/answers.ts'
import type { ServerFindings } from '../redis-driver/probe.ts'
import { tagOf } from '../redis-driver/slots.ts'
import type { RedisKeys } from './keys.ts'
import type { RedisSession } from './open.ts'

type RightsSession = Pick<RedisSession, 'connection' | 'clock' | 'serverClock' | 'scripts' | 'isCluster'>

/** `id`: no lock has this name. In a Cluster each server has users and rights of its own. Also learns the time of each. */
export async function requireRights(
  session: RightsSession,
  findings: readonly ServerFindings[],
  keys: RedisKeys,
  id: string,
): Promise<void> {
  const slots = session.isCluster ? findings.flatMap(({ slot }) => slot ?? []) : [undefined]
  const refused = await Promise.all(slots.map((slot) => refusedCommands(session, keys, id, slot)))
  const commands = [...new Set(refused.flat())]
  if (commands.length === 0) return
  throw new StoreUnavailable(
    `opening: Redis does not allow this user to do it: the scripts need ${commands.join(', ')} on the keys and channels ` +
      'that begin with the prefix (docs/redis.md)',
    { isFinal: true },
  )
}

async function refusedCommands(
  { connection, clock, serverClock, scripts }: RightsSession,
  keys: RedisKeys,
  id: string,
  slot: number | undefined,
): Promise<readonly string[]> {
  const names = [keys.floor(slot), ...keys.all(slot === undefined ? id : tagOf(slot))]
  const askedAt = stampOf(clock)
  const [now, ...commands] = replyFields(await connection.run(scripts.rights, names, [keys.channel(id)]))
  serverClock.note(askedAt, Number(now), slot)
  return commands
}
