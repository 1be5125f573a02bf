/** How a lock in Redis goes from waiter to waiter while many want it. */
import type { Figure, Settings, Suite } from '../figure.ts'
import { handOffFigures } from '../server/hand-off-figures.ts'
import { runWorkers } from '../worker-processes.ts'
import type { HandOffJob, HandOffPart } from '../server/hand-off-worker.ts'
import type { LockerName } from '../server/open-locker.ts'
import { withServer } from './server.ts'

const WAITERS = 32
const HOLD_MS = 1
const QUICK_SECONDS = 0.3
const LOCKERS = ['holdfast', 'bare queue'] as const
const REDIS = { unit: 'round trip', sentMax: 2.1, p50Max: 2 }

export const redisHandOff: Suite = {
  name: 'redis-hand-off',
  group: 'redis',
  about: `Redis, ${WAITERS} waiters take turns on one name, hold ${HOLD_MS} ms, in 1 and in 4 processes; from release sent to the next holder running`,
  async run(settings) {
    const figures: Figure[] = []
    for (const processes of [1, 4]) {
      for (const locker of LOCKERS) figures.push(...(await handOffOf(locker, processes, settings)))
    }
    return figures
  },
}

export async function handOffOf(locker: LockerName, processes: number, settings: Settings): Promise<readonly Figure[]> {
  const seconds = settings.quick ? QUICK_SECONDS : settings.seconds
  const parts = await withServer(({ url }) => {
    const job = { url, locker, waiters: WAITERS / processes, holdMs: HOLD_MS, seconds }
    return runWorkers<HandOffJob, HandOffPart>(
      './server/hand-off-worker.js',
      Array.from({ length: processes }, () => job),
    )
  })
  const where = `${WAITERS} waiters in ${processes} process${processes > 1 ? 'es' : ''}, ${locker}`
  return handOffFigures(where, parts, { ...REDIS, seconds, isOurs: locker === 'holdfast', each: WAITERS / processes })
}
