/** Machines over one memory engine in virtual time, each with a wall clock of its own, and a ledger in a SQLite database. */
import { DatabaseSync } from 'node:sqlite'
import type { HoldfastOptions } from '../../client/options.ts'
import { ledger as sqliteLedger } from '../../guards/sqlite/index.ts'
import { holdfast } from '../../holdfast.ts'
import { memory, memoryEngine } from '../../stores/memory/index.ts'
import { type FaultPlan, unreliable } from '../../testing/unreliable.ts'
import { type VirtualClock, virtualClock } from '../../testing/virtual-clock.ts'
import type { Clock } from '../../time/clock.ts'
import type { Ledger } from '../ledger.ts'
import type { Locks } from '../locks.ts'
import type { CronRun } from './tick.ts'

export const NAME = 'reminders'
export const LINE = 'cron:reminders'
/** Where virtual time begins. */
export const FIRST = new Date('2026-01-01T00:00:00Z')

export interface Machine {
  readonly locks: Locks
  /** What its logger was told. */
  readonly log: string[]
  /** Sets its wall clock. */
  setAhead(ms: number): void
}

export interface Machines {
  readonly clock: VirtualClock
  readonly ledger: Ledger
  /** The clock of a machine may be ahead of that of the store. */
  machine(aheadMs?: number, plan?: FaultPlan, options?: HoldfastOptions): Machine
}

export function machines(from: Date = FIRST): Machines {
  const clock = virtualClock({ wallMs: from.getTime() })
  const engine = memoryEngine()
  // A server has a clock of its own, whatever the machines show that use it.
  engine.useClock(clock)
  return {
    clock,
    ledger: sqliteLedger(new DatabaseSync(':memory:'), { clock }),
    machine(aheadMs = 0, plan = () => undefined, options = {}) {
      let ahead = aheadMs
      const own: Clock = {
        monotonicMs: () => clock.monotonicMs(),
        wallMs: () => clock.wallMs() + ahead,
        schedule: (delayMs, callback) => clock.schedule(delayMs, callback),
      }
      const log: string[] = []
      const tell = (message: string): void => void log.push(message)
      const logger = { debug: tell, info: tell, warn: tell, error: tell }
      const store = unreliable(memory(engine), plan)
      const locks = holdfast(store, { ttl: '9s', clock: own, logger, ...options })
      return { locks, log, setAhead: (ms) => (ahead = ms) }
    },
  }
}

/** A ledger whose calls fail while `fault` gives an error for them; `isLate`: after they were carried out. */
export function faulty(
  ledger: Ledger,
  fault: (method: keyof Ledger) => { readonly error: Error; readonly isLate?: boolean } | undefined,
): Ledger {
  const around = <T>(method: keyof Ledger, call: () => T): T => {
    const found = fault(method)
    if (found === undefined) return call()
    if (found.isLate === true) call()
    throw found.error
  }
  return {
    get: (lock) => around('get', () => ledger.get(lock)),
    enter: (lease) => around('enter', () => ledger.enter(lease)),
    put: (lease, value) => around('put', () => ledger.put(lease, value)),
  }
}

/** A work that ends when the test says so. */
export function heldWork(): {
  readonly work: (run: CronRun) => Promise<string>
  finish(): void
  readonly runs: CronRun[]
} {
  const { promise, resolve } = Promise.withResolvers<string>()
  const runs: CronRun[] = []
  return { work: (run) => (runs.push(run), promise), finish: () => resolve('finished'), runs }
}
