/** What can happen to the programs that use a lock: they are stopped for a while, or killed. */
import { failpoints } from '../traffic/order.ts'
import type { Fault } from './fault.ts'
import { victimOf } from './fault-target.ts'

/** A stop at a named point lasts longer than the lease, so that another worker takes over meanwhile. */
export const FAILPOINT_TTLS = 1.5
const RANDOM_STOP_TTLS = { min: 0.2, max: 2.5 }

export const pause: Fault = {
  rights: 'none',
  what:
    'a worker is stopped (SIGSTOP) and goes on later: at any moment for 0.2 to 2.5 leases, or by its own hand at a named ' +
    `point (${failpoints.join(', ')}) for ${FAILPOINT_TTLS} leases`,
  counts: 'a lease of the stopped worker ended meanwhile',
  atStore: false,
  hitsStore: false,
  begins: 'pause',
  ends: 'resume',
  async strike(target) {
    const victim = victimOf(target)
    if (victim === undefined) return
    const { random, ttlMs, note, sleep } = target
    // The worker itself notes the stop when it gets there, and the driver lets it go on. Two stops at once would be
    // ended by one SIGCONT, which may come between them; then nothing would let the worker go on again.
    if (random.chance(0.6) || victim.isArmed) return victim.arm(random.pick(failpoints))
    note('pause', victim.process())
    victim.stop()
    await sleep(ttlMs * random.between(RANDOM_STOP_TTLS.min, RANDOM_STOP_TTLS.max))
    note('resume', victim.process())
    victim.resume()
  },
  hadEffect: ({ target, fromNs, toNs }, { holds }) =>
    holds.some(
      ({ p, fromNs: heldNs, toNs: leftNs, validUntilNs }) =>
        p === target && heldNs <= fromNs && leftNs > fromNs && validUntilNs < toNs,
    ),
}

export const kill: Fault = {
  rights: 'none',
  what: 'a worker is killed (SIGKILL) and another one starts in its place up to a lease later',
  counts: 'the killed worker held a lock or waited for one',
  atStore: false,
  hitsStore: false,
  begins: 'crash',
  async strike(target) {
    const victim = victimOf(target)
    if (victim === undefined) return
    const { random, ttlMs, note, sleep } = target
    // Before the signal: from here on the killed process holds nothing.
    note('crash', victim.process())
    victim.kill()
    await sleep(ttlMs * random.next())
    await victim.restart()
  },
  hadEffect({ target, fromNs: atNs }, { operations, holds }) {
    const held = holds.some(({ p, fromNs, toNs }) => p === target && fromNs < atNs && toNs >= atNs)
    const waited = operations.some(({ p, f, callNs, endNs }) => {
      return p === target && f === 'acquire' && callNs < atNs && endNs > atNs
    })
    return held || waited
  },
}
