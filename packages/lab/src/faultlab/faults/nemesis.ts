/** The one who breaks things: one fault after another, drawn from the seed, until it is told to heal. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Recorder } from '@holdfast/testbed/history'
import type { Random } from '@holdfast/testbed/random'
import type { Environment } from '../environment/environment.ts'
import type { Fault } from './fault.ts'
import type { WorkerPost, FaultTarget } from './fault-target.ts'

export interface NemesisOptions {
  readonly faults: readonly Fault[]
  readonly random: Random
  readonly ttlMs: number
  readonly environment: Environment
  readonly posts: readonly WorkerPost[]
  readonly recorder: Recorder
  /** Every worker runs again, and no stop is to come any more. */
  readonly calm: () => Promise<void>
}

/** Between two faults, in leases. */
const GAP_TTLS = { min: 0.2, max: 1.2 }

/** Resolves when everything is healed: no earlier than `signal` says, and soon after. */
export async function torment(options: NemesisOptions, signal: AbortSignal): Promise<void> {
  const { faults, random, ttlMs, recorder, calm } = options
  const target: FaultTarget = {
    ...options,
    random: random.fork(),
    note: (kind, target, detail = {}) => recorder.signal('nemesis', '', { kind, target, ...detail }),
    isOver: () => signal.aborted,
    sleep: (ms) => sleep(ms, undefined, { signal }).catch(() => undefined),
  }
  const underWay = new Set<Promise<void>>()
  const failed: unknown[] = []
  // Every fault once, in an order of its own, before any comes twice: a short run has all of them.
  let left: Fault[] = []
  while (!signal.aborted && failed.length === 0) {
    await target.sleep(ttlMs * random.between(GAP_TTLS.min, GAP_TTLS.max))
    if (signal.aborted || faults.length === 0) continue
    if (left.length === 0) left = [...faults]
    const [fault] = left.splice(random.below(left.length), 1)
    if (fault === undefined) continue
    const strike = fault.strike(target).catch((error: unknown) => void failed.push(error))
    underWay.add(strike)
    void strike.then(() => underWay.delete(strike))
  }
  await Promise.all(underWay)
  if (failed.length > 0) throw failed[0]
  await calm()
  target.note('heal', 'everything')
}
