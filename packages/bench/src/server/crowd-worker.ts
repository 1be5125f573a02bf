/** The process of the suite `redis-crowd`: very many waiters that want one lock, each once. */
import { cpuMs, nowMs, sleep } from '../clock.ts'
import { watchStalls } from '../stall.ts'
import { serve } from '../worker-processes.ts'
import { type LockerName, openLocker } from './open-locker.ts'

export interface CrowdJob {
  readonly url: string
  readonly locker: LockerName
  readonly waiters: number
  readonly holdMs: number
  /** Then the clients that still wait are not served. */
  readonly withinMs: number
}

export interface CrowdResult {
  readonly served: number
  /** Of those that were served after one that asked later: each lost its place, and the others moved up. */
  readonly outOfOrder: number
  readonly tookMs: number
  readonly sent: number
  readonly cpuMs: number
  readonly stallMs: number
}

/** Longer than any wait here, so that no client gives up by itself; and a ttl that no turn outlives. */
const TTL_MS = 30_000
const WAIT_MS = 10 * 60_000

serve<CrowdJob, CrowdResult>(async ({ url, locker: name, waiters, holdMs, withinMs }) => {
  const locker = await openLocker(name, { url, ttlMs: TTL_MS, waitMs: WAIT_MS })
  return async (startAtMs) => {
    await sleep(startAtMs - nowMs())
    const order: number[] = []
    const [startedMs, cpuBeforeMs, stalls] = [nowMs(), cpuMs(), watchStalls()]
    const { sent: sentBefore = 0 } = locker.readings()
    const wait = async (waiter: number): Promise<void> => {
      // Who gives up was not served.
      const giveBack = await locker.acquire('one').catch(() => undefined)
      if (giveBack === undefined) return
      order.push(waiter)
      await sleep(holdMs)
      await giveBack()
    }
    const all = Promise.all(Array.from({ length: waiters }, (_, waiter) => wait(waiter)))
    await Promise.race([all, sleep(withinMs)])
    return {
      served: order.length,
      outOfOrder: overtakenIn(order),
      tookMs: nowMs() - startedMs,
      sent: (locker.readings()['sent'] ?? 0) - sentBefore,
      cpuMs: cpuMs() - cpuBeforeMs,
      stallMs: stalls.stop(),
    }
  }
})

function overtakenIn(order: readonly number[]): number {
  let [latest, overtaken] = [-1, 0]
  for (const waiter of order) {
    if (waiter < latest) overtaken += 1
    latest = Math.max(latest, waiter)
  }
  return overtaken
}
