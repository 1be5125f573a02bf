/** What the deliberately broken locks have in common: the client polls until the name is free. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Contender } from '../contender.ts'
import type { LeaseGrant } from './lease.ts'

const POLL_MS = 10
/** As if two steps were two round trips of a network. */
export const BETWEEN_TRIPS_MS = 2

/** The same with a long delay: what a stop or a kill has to hit. */
export const LONG_TRIP_MS = 20

export interface PlainLock {
  take(k: string): Promise<LeaseGrant | undefined>
  close(): Promise<void>
}

export function polling(lock: PlainLock): Contender {
  return {
    tells: true,
    async acquire({ k }, waitMs) {
      const until = performance.now() + waitMs
      for (;;) {
        const grant = await lock.take(k)
        if (grant !== undefined) return grant
        if (performance.now() > until) throw Object.assign(new Error(`${k} is busy`), { code: 'WAIT_TIMEOUT' })
        await sleep(POLL_MS)
      }
    },
    close: () => lock.close(),
  }
}
