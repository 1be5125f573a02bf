/** redlock 5.0.0-beta.2 on one server, through `using`, which extends the lock by itself. */
import { requireCompetitor } from '@holdfast/testbed/competitors'
import type { Contender, ContenderOptions } from '../traffic/contender.ts'
import { insideOf, contenderOf } from './competitor.ts'

interface Lock {
  /** Of `Date.now()`. */
  readonly expiration: number
}

interface Redlock {
  acquire(resources: readonly string[], ttlMs: number, settings?: object): Promise<Lock>
  extend(lock: Lock, ttlMs: number, settings?: object): Promise<Lock>
  using(
    resources: readonly string[],
    ttlMs: number,
    settings: object,
    work: (signal: AbortSignal) => Promise<void>,
  ): Promise<void>
  on(event: 'error', listener: () => void): void
}

const RETRY_MS = 200

export function openContender(options: ContenderOptions): Promise<Contender> {
  const { ttlMs } = options
  return contenderOf(options, (client) => {
    type Library = new (clients: readonly object[], settings: object) => Redlock
    const { default: Library } = requireCompetitor<{ default: Library }>('redlock-5')
    return {
      tells: true,
      async take(name, waitMs, extended) {
        const redlock = new Library([client], { retryCount: Math.ceil(waitMs / RETRY_MS) })
        // It tells of every try that found the lock taken.
        redlock.on('error', () => undefined)
        let lock: Lock | undefined
        const { acquire, extend } = redlock
        redlock.acquire = async (...args) => (lock = await acquire.apply(redlock, args))
        redlock.extend = async (...args) => {
          lock = await extend.apply(redlock, args)
          extended()
          return lock
        }
        // The default, half a second, is refused for a lease of half a second.
        const settings = { automaticExtensionThreshold: Math.round(ttlMs / 2) }
        const inside = await insideOf((work) => redlock.using([name], ttlMs, settings, work))
        return {
          signal: inside.signal,
          isHeld: () => !inside.signal.aborted,
          untilMs: () => performance.now() + (lock?.expiration ?? 0) - Date.now(),
          release: () => inside.release(),
        }
      },
    }
  })
}
