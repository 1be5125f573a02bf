/** The process of the suite `redis-renewal`: it holds very many leases and does nothing else. */
import { cpuMs, sleep } from '../clock.ts'
import { watchStalls } from '../stall.ts'
import { serve } from '../worker-processes.ts'
import { type LockerName, openLocker } from './open-locker.ts'

export interface RenewalJob {
  readonly url: string
  readonly locker: LockerName
  readonly names: readonly string[]
  readonly ttlMs: number
  readonly keptMs: number
}

export interface RenewalResult {
  readonly renewals: number
  readonly sent: number
  readonly cpuMs: number
  readonly stallMs: number
  /** Leases that were still there when they were given back. */
  readonly alive: number
}

const ACQUIRED_AT_ONCE = 50

serve<RenewalJob, RenewalResult>(async ({ url, locker: name, names, ttlMs, keptMs }) => {
  const locker = await openLocker(name, { url, ttlMs, waitMs: ttlMs })
  const { keep } = locker
  if (keep === undefined) throw new Error(`${name} does not renew by itself`)
  const ends: (() => Promise<unknown>)[] = []
  for (let at = 0; at < names.length; at += ACQUIRED_AT_ONCE) {
    ends.push(...(await Promise.all(names.slice(at, at + ACQUIRED_AT_ONCE).map((each) => keep(each)))))
  }
  return async () => {
    const before = locker.readings()
    const [stalls, cpuBeforeMs] = [watchStalls(), cpuMs()]
    await sleep(keptMs)
    const [usedMs, stallMs, after] = [cpuMs() - cpuBeforeMs, stalls.stop(), locker.readings()]
    const sent = (after['sent'] ?? 0) - (before['sent'] ?? 0)
    // Who does not batch sends one command for each.
    const renewals = after['renewals'] === undefined ? sent : after['renewals'] - (before['renewals'] ?? 0)
    const outcomes = await Promise.allSettled(ends.map((end) => end()))
    const alive = outcomes.filter((each) => each.status === 'fulfilled' && each.value !== 'lost').length
    await locker.close()
    return { renewals, sent, cpuMs: usedMs, stallMs, alive }
  }
})
