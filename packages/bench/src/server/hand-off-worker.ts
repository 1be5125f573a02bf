/** One process of the suite `redis-hand-off`: some waiters that want the one lock again and again. */
import { cpuMs, nowMs, sleep } from '../clock.ts'
import { serve } from '../worker-processes.ts'
import { type LockerName, openLocker } from './open-locker.ts'
import { idleRoundTripsUs, roundTripsUntil } from './round-trip.ts'

export interface HandOffJob {
  readonly url: string
  readonly locker: LockerName
  readonly waiters: number
  readonly holdMs: number
  readonly seconds: number
}

/** One hold, on the clock that all processes share. */
export interface Hold {
  readonly waiter: number
  readonly askedAtMs: number
  readonly ranAtMs: number
  readonly sentAtMs: number
}

export interface HandOffPart {
  readonly holds: readonly Hold[]
  readonly sent: number
  readonly cpuMs: number
  readonly roundTripsUs: readonly number[]
  readonly idleRoundTripsUs: readonly number[]
}

const NAME = 'one'
const TTL_MS = 10_000
/** No process may be left waiting when the others have stopped. */
const LAST_WAIT_MS = 60_000

serve<HandOffJob, HandOffPart>(async ({ url, locker: name, waiters, holdMs, seconds }) => {
  const locker = await openLocker(name, { url, ttlMs: TTL_MS, waitMs: LAST_WAIT_MS })
  const idle = await idleRoundTripsUs(url)
  return async (startAtMs) => {
    await sleep(startAtMs - nowMs())
    const untilMs = startAtMs + seconds * 1000
    const { sent: sentBefore = 0 } = locker.readings()
    const cpuBeforeMs = cpuMs()
    const holds: Hold[] = []
    const wait = async (waiter: number): Promise<void> => {
      for (let askedAtMs = nowMs(); askedAtMs < untilMs; askedAtMs = nowMs()) {
        const giveBack = await locker.acquire(NAME)
        const ranAtMs = nowMs()
        await sleep(holdMs)
        holds.push({ waiter, askedAtMs, ranAtMs, sentAtMs: nowMs() })
        await giveBack()
      }
    }
    // Who polls may wait for long after the others have stopped, and what comes then is no hand-off of this crowd.
    const all = Promise.all(Array.from({ length: waiters }, (_, waiter) => wait(waiter)))
    const roundTripsUs = await roundTripsUntil(url, untilMs)
    const used = { sent: (locker.readings()['sent'] ?? 0) - sentBefore, cpuMs: cpuMs() - cpuBeforeMs }
    const played = holds.slice()
    await all
    await locker.close()
    return { holds: played, ...used, roundTripsUs, idleRoundTripsUs: idle }
  }
})
