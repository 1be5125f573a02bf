/** @verrou/core with its Redis store: no renewal and no signal, so the work has one lease. */
import { requireCompetitor } from '@holdfast/testbed/competitors'
import type { Contender, ContenderOptions } from '../traffic/contender.ts'
import { contenderOf } from './competitor.ts'

interface Lock {
  acquire(options: { readonly retry: { readonly timeout: number; readonly delay: number } }): Promise<boolean>
  isExpired(): boolean
  getRemainingTime(): number | null
  release(): Promise<void>
}

interface LockFactory {
  createLock(name: string, ttlMs: number): Lock
}

const RETRY_MS = 100

export function openContender(options: ContenderOptions): Promise<Contender> {
  const { ttlMs } = options
  return contenderOf(options, (client) => {
    const library = requireCompetitor<{ LockFactory: new (store: object) => LockFactory }>('@verrou/core')
    const { RedisStore } = requireCompetitor<{ RedisStore: new (options: object) => object }>(
      '@verrou/core/drivers/redis',
    )
    const factory = new library.LockFactory(new RedisStore({ connection: client }))
    return {
      tells: false,
      async take(name, waitMs) {
        const lock = factory.createLock(name, ttlMs)
        if (!(await lock.acquire({ retry: { timeout: waitMs, delay: RETRY_MS } }))) {
          throw Object.assign(new Error(`${name} is busy`), { code: 'WAIT_TIMEOUT' })
        }
        return {
          isHeld: () => !lock.isExpired(),
          untilMs: () => performance.now() + (lock.getRemainingTime() ?? 0),
          release: () => lock.release(),
        }
      },
    }
  })
}
