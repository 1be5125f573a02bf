/** redlock-universal on one server, through `using`, which extends the lock by itself. */
import { requireCompetitor } from '@holdfast/testbed/competitors'
import type { Contender, ContenderOptions } from '../traffic/contender.ts'
import { insideOf, contenderOf } from './competitor.ts'

interface Adapter {
  atomicExtend(key: string, value: string, minTtlMs: number, ttlMs: number): Promise<{ readonly resultCode: number }>
}

interface Lock {
  using(work: (signal: AbortSignal) => Promise<void>): Promise<void>
}

interface Library {
  createLock(options: {
    readonly adapter: Adapter
    readonly key: string
    readonly ttl: number
    readonly retryAttempts: number
    readonly retryDelay: number
  }): Lock
  IoredisAdapter: new (client: object) => Adapter
}

const RETRY_MS = 100
const EXTENDED = 1

export function openContender(options: ContenderOptions): Promise<Contender> {
  const { ttlMs } = options
  return contenderOf(options, (client) => {
    const { createLock, IoredisAdapter } = requireCompetitor<Library>('redlock-universal')
    return {
      tells: true,
      async take(key, waitMs, extended) {
        const adapter = new IoredisAdapter(client)
        const { atomicExtend } = adapter
        let untilMs = 0
        adapter.atomicExtend = async (...args) => {
          const askedMs = performance.now()
          const answer = await atomicExtend.apply(adapter, args)
          if (answer.resultCode === EXTENDED) {
            untilMs = askedMs + ttlMs
            extended()
          }
          return answer
        }
        const retryAttempts = Math.ceil(waitMs / RETRY_MS)
        const lock = createLock({ adapter, key, ttl: ttlMs, retryAttempts, retryDelay: RETRY_MS })
        const inside = await insideOf((work) => lock.using(work))
        // When its last try began is not known, so this is to its favour.
        untilMs = performance.now() + ttlMs
        return {
          signal: inside.signal,
          isHeld: () => !inside.signal.aborted,
          untilMs: () => untilMs,
          release: () => inside.release(),
        }
      },
    }
  })
}
