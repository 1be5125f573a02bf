/**
 * Other libraries as contenders, for `--lock`. Each is used as its own documentation shows it, and renews if it can. None
 * has tokens, so the adapter counts the grants in the store, as early as it can: right after the grant.
 */
import { Redis } from 'ioredis'
import { installCompetitors } from '@holdfast/testbed/competitors'
import type { Contender, ContenderOptions, Grant } from '../traffic/contender.ts'

/** One grant of a library. Moments are of `performance.now()`. */
export interface Taken {
  /** The library's own answer. */
  isHeld(): boolean
  /** The end of the lease as the library, or its careful user, counts it. */
  untilMs(): number
  readonly signal?: AbortSignal
  release(): Promise<unknown>
}

export interface Competitor {
  readonly tells: boolean
  take(name: string, waitMs: number, extended: () => void): Promise<Taken>
}

export async function contenderOf(options: ContenderOptions, open: (client: Redis) => Competitor): Promise<Contender> {
  const { storeUrl, namespace, notes } = options
  const reason = await installCompetitors()
  if (reason !== undefined) throw new Error(reason)
  const client = new Redis(storeUrl)
  client.on('error', () => undefined)
  const competitor = open(client)
  return {
    tells: competitor.tells,
    async acquire({ k }, waitMs) {
      let tell = (): void => undefined
      const taken = await competitor.take(`${namespace}:${k}`, waitMs, () => tell())
      const token = BigInt(await client.incr(`${namespace}:${k}:grants`))
      const remainingMs = (): number => taken.untilMs() - performance.now()
      tell = () => notes.extended(k, token, remainingMs)
      return grantOf(taken, token, remainingMs)
    },
    close: async () => client.disconnect(),
  }
}

function grantOf(taken: Taken, token: bigint, remainingMs: () => number): Grant {
  return {
    token,
    remainingMs,
    isHeld: () => taken.isHeld(),
    ...(taken.signal !== undefined && { signal: taken.signal }),
    async release() {
      try {
        await taken.release()
        return 'released'
      } catch {
        // Each has other words for it, and none says whether the lock was still there.
        return 'unknown'
      }
    },
  }
}

/** A call that works under the lock, as a lock that is given back: resolves when the work has begun. */
export async function insideOf(
  using: (work: (signal: AbortSignal) => Promise<void>) => Promise<void>,
): Promise<{ readonly signal: AbortSignal; release(): Promise<void> }> {
  const ended = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<AbortSignal>()
  const done = using((signal) => {
    begun.resolve(signal)
    return ended.promise
  })
  done.catch(begun.reject)
  const signal = await begun.promise
  return {
    signal,
    release() {
      ended.resolve()
      return done
    },
  }
}
