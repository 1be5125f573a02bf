/** How long a free lock takes when the server grants it and the answer is lost with the connection. */
import { type Figure, roundsOf, type Settings, type Suite } from '../figure.ts'
import { median } from '../statistics.ts'
import { runWorkers } from '../worker-processes.ts'
import type { LockerName } from '../server/open-locker.ts'
import type { LostReplyJob, LostReplyResult } from './lost-reply-worker.ts'
import { withServer } from './server.ts'

const TTL_MS = 3_000
const ROUNDS = 20
const TARGET_MS = 300

export const redisLostReply: Suite = {
  name: 'redis-lost-reply',
  group: 'redis',
  about: `Redis, the server grants a free lock of ${TTL_MS / 1000} s, the answer is lost and the connection breaks; from asking to holding`,
  run: (settings) => lostReplyOf('holdfast', ROUNDS, settings),
}

export async function lostReplyOf(locker: LockerName, rounds: number, settings: Settings): Promise<readonly Figure[]> {
  const job = { locker, ttlMs: TTL_MS, rounds: roundsOf(rounds, settings) }
  const [took = []] = await withServer(({ url }) =>
    runWorkers<LostReplyJob, LostReplyResult>('./redis/lost-reply-worker.js', [{ ...job, url }]),
  )
  const target: Pick<Figure, 'target'> = locker === 'holdfast' ? { target: { atMost: TARGET_MS } } : {}
  const where = `answer lost, ${locker}`
  return [
    { what: `${where}: rounds`, unit: '', value: took.length },
    { what: `${where}: p50`, unit: 'ms', value: median(took), ...target },
    { what: `${where}: worst`, unit: 'ms', value: Math.max(...took), ...target },
  ]
}
