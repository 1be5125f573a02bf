/** Carries out one case on one engine in one dress: gives it clients and time, and puts everything away afterwards. */
import assert from 'node:assert/strict'
import { newClaimId } from '../../store/claim.ts'
import { type Clock, sleep, systemClock } from '../../time/clock.ts'
import type { Facts } from '../../store/facts.ts'
import { holdfast } from '../../holdfast.ts'
import type { Locks } from '../../recipes/locks.ts'
import type { Bench } from '../run-case.ts'
import { unreliable } from '../unreliable.ts'
import { virtualClock } from '../virtual-clock.ts'
import type { LockCase, ClientUnderTest, LockKit } from './case.ts'
import type { Dress } from './dress.ts'

const TTL_MS = { real: 800, virtual: 9_000 } as const
/** Of an engine that opens slowly, or on a machine that is busy. */
const OPENINGS = 4
const TTL_STEP_MS = 100
const TTL_MS_MAX = 5_000
const STEP_SHARE = 1 / 50

/** Rejects when the lock fails the case. Resolves with the reason when the store is excepted from it. */
export async function runLockCase(lockCase: LockCase, dress: Dress, bench: Bench): Promise<string | undefined> {
  const engine = await bench.start()
  const time = timeOf(bench)
  const shortMs = TTL_MS[bench.time]
  let ttlMs: number = shortMs
  const namespace = `conformance-${newClaimId().slice(0, 12)}`
  const open: Locks[] = []
  const connect = (
    plan: Parameters<LockKit['client']>[0] = () => undefined,
  ): Omit<ClientUnderTest, 'claims' | 'lock'> => {
    const store = unreliable(engine.store(), plan)
    const locks = holdfast(store, { namespace, ttl: ttlMs, clock: time.clock })
    open.push(locks)
    return { store, locks, name: 'lock' }
  }
  try {
    const stage = connect()
    const openingAtMs = time.nowMs()
    const facts = await stage.locks.open()
    const { minMs, granularityMs, takeoverMs = granularityMs } = facts.ttl
    // Clients of a case open in its midst, one after the other, and their leases must outlive that.
    const slowMs = Math.ceil(((time.nowMs() - openingAtMs) * OPENINGS) / TTL_STEP_MS) * TTL_STEP_MS
    ttlMs = Math.max(shortMs, minMs, Math.min(slowMs, TTL_MS_MAX))
    const denied = [dress.needs, lockCase.needs].flatMap((need) => reasonAgainst(need, facts) ?? [])
    if (denied.length > 0) return denied.join(' ')
    await dress.prepare?.(stage.locks, stage.name)
    const taken = (await stage.locks.inspect(stage.name)).claims.length
    const client: LockKit['client'] = (plan) => {
      const { store, locks, name } = connect(plan)
      const claims = async (): Promise<number> => (await stage.locks.inspect(name)).claims.length - taken
      return { store, locks, name, lock: dress.lock(locks, name), claims }
    }
    const within: LockKit['within'] = (ms, promise) => time.within(ms + takeoverMs, promise)
    await lockCase.run({ client, ttlMs, ...time, within })
    return undefined
  } finally {
    const closed = Promise.all(open.map((locks) => locks.close()))
    await time.within(20_000, closed)
    await engine.stop()
  }
}

function reasonAgainst(need: Dress['needs'] | LockCase['needs'], facts: Facts): string | undefined {
  if (need === undefined) return undefined
  if (need !== 'order') return facts.unsupported[need]
  return facts.order === 'fifo' ? undefined : 'it keeps no order among waiters (facts.order)'
}

interface LockCaseTime extends Pick<LockKit, 'advance' | 'within' | 'nowMs'> {
  readonly clock: Clock
}

function timeOf({ time }: Bench): LockCaseTime {
  const virtual = virtualClock()
  const clock = time === 'virtual' ? virtual : systemClock
  const advance = (ms: number): Promise<void> => (time === 'virtual' ? virtual.advance(ms) : sleep(systemClock, ms))
  const stepMs = TTL_MS[time] * STEP_SHARE
  return {
    clock,
    advance,
    nowMs: () => clock.monotonicMs(),
    async within(ms, promise) {
      let settled = false
      promise.then(
        () => (settled = true),
        () => (settled = true),
      )
      await advance(0)
      for (let passedMs = 0; passedMs < ms && !settled; passedMs += stepMs) await advance(stepMs)
      assert.ok(settled, `it took longer than ${ms} ms`)
      return promise
    },
  }
}
