/** The wall clock of one worker or one server jumps, and later back to the right time. The monotonic clocks go on. */
import { locate } from '@holdfast/testbed/os/skewed-clock'
import type { Random } from '@holdfast/testbed/random'
import { CLOCK_SEEN } from '../traffic/clock-watch.ts'
import { heldAt } from './effects.ts'
import type { Fault } from './fault.ts'
import { serverOf, victimOf } from './fault-target.ts'

/** A token that was taken from a clock is ahead of its time for as long as the clock was. */
export const JUMP_TTLS = { min: 1.5, max: 20 }
const MOST = 0.5
const LASTS_TTLS = { min: 0.5, max: 2 }

function jumpMs(random: Random, ttlMs: number): number {
  const size = Math.round(ttlMs * random.between(JUMP_TTLS.min, JUMP_TTLS.max))
  return random.chance(0.5) ? size : -size
}

const common = { rights: 'none', locate } as const

export const workerClock: Fault = {
  ...common,
  what: `the wall clock of a worker jumps forward or back by ${JUMP_TTLS.min} to ${JUMP_TTLS.max} leases, and later back`,
  counts: 'the worker saw its wall clock jump',
  atStore: false,
  hitsStore: false,
  needs: 'worker-clock',
  begins: 'clock-jump',
  ends: 'end-clock-jump',
  async strike(target) {
    const { random, ttlMs, environment, note, sleep } = target
    const victim = victimOf(target)
    const clock = victim === undefined ? undefined : environment.clockOf(victim.place)
    // One jump at a time, so that the way back is to the right time.
    if (victim === undefined || clock === undefined || clock.offsetMs !== 0) return
    const process = victim.process()
    const byMs = jumpMs(random, ttlMs)
    clock.set(byMs)
    note('clock-jump', process, { byMs })
    await sleep(ttlMs * random.between(LASTS_TTLS.min, LASTS_TTLS.max))
    clock.set(0)
    note('end-clock-jump', process)
  },
  hadEffect: ({ target, fromNs, toNs, begun }, { moments }) =>
    moments.some(({ p, f, atNs, in: seen }) => {
      const isFit = Math.sign(Number(seen['byMs'])) === Math.sign(Number(begun['byMs']))
      return f === CLOCK_SEEN && p === target && atNs > fromNs && atNs < toNs && isFit
    }),
}

export const serverClock: Fault = {
  ...common,
  what: `the wall clock of a server jumps forward or back by ${JUMP_TTLS.min} to ${JUMP_TTLS.max} leases, and later back`,
  counts: 'the server itself told the wrong time, and somebody held a lock at one of the two jumps',
  atStore: true,
  hitsStore: true,
  needs: 'server-clock',
  begins: 'server-clock-jump',
  ends: 'end-server-clock-jump',
  async strike(target) {
    const { random, ttlMs, note, sleep } = target
    const server = serverOf(target)
    const { name, clock } = server
    if (clock === undefined || server.wallMs === undefined || clock.offsetMs !== 0) return
    const byMs = jumpMs(random, ttlMs)
    clock.set(byMs)
    note('server-clock-jump', name, { byMs })
    const lasts = sleep(ttlMs * random.between(LASTS_TTLS.min, LASTS_TTLS.max))
    // It may be down or stopped by another fault, and says nothing then.
    const seenMs = await server.wallMs().then(
      (wallMs) => wallMs - Date.now(),
      () => 0,
    )
    await lasts
    clock.set(0)
    note('end-server-clock-jump', name, { seenMs })
  },
  hadEffect({ fromNs, toNs, begun, ended }, record) {
    // Answers take a moment, and clocks of machines are slewed: most of the jump is the jump.
    const seen = Number(ended['seenMs'] ?? 0) / Number(begun['byMs'])
    return seen > MOST && (heldAt(record, fromNs) || heldAt(record, toNs))
  },
}
