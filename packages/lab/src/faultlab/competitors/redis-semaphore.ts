/** The mutex of redis-semaphore, which refreshes itself until it is released. */
import { requireCompetitor } from '@holdfast/testbed/competitors'
import type { Contender, ContenderOptions } from '../traffic/contender.ts'
import { contenderOf } from './competitor.ts'

/** Protected, and the only place that knows when a refresh was asked for. */
const REFRESH = '_refresh'

interface Mutex {
  readonly isAcquired: boolean
  acquire(): Promise<void>
  release(): Promise<void>
  [REFRESH](): Promise<boolean>
}

interface MutexOptions {
  readonly lockTimeout: number
  readonly acquireTimeout: number
  readonly onLockLost: () => void
}

export function openContender(options: ContenderOptions): Promise<Contender> {
  const { ttlMs } = options
  return contenderOf(options, (client) => {
    type Library = new (client: object, key: string, options: MutexOptions) => Mutex
    const { Mutex } = requireCompetitor<{ Mutex: Library }>('redis-semaphore')
    return {
      tells: true,
      async take(name, waitMs, extended) {
        const lost = new AbortController()
        const mutex = new Mutex(client, name, {
          lockTimeout: ttlMs,
          acquireTimeout: waitMs,
          onLockLost: () => lost.abort(),
        })
        const refresh = mutex[REFRESH]
        let untilMs = 0
        mutex[REFRESH] = async () => {
          const askedMs = performance.now()
          const refreshed = await refresh.call(mutex)
          if (refreshed) {
            untilMs = askedMs + ttlMs
            extended()
          }
          return refreshed
        }
        await mutex.acquire()
        // It keeps no time of its own. When its last try began is not known, so this is to its favour.
        untilMs = performance.now() + ttlMs
        return {
          signal: lost.signal,
          isHeld: () => mutex.isAcquired,
          untilMs: () => untilMs,
          release: () => mutex.release(),
        }
      },
    }
  })
}
