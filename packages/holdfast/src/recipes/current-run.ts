/** The run that the calling code is part of: the async context knows it, in any depth and over every await. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { Misuse } from '../store/errors.ts'
import type { CronRun } from './tick/tick.ts'

/** One for every copy of the library in this program; the number is that of the seam. */
const runs: AsyncLocalStorage<CronRun> = ((globalThis as { [slot: symbol]: AsyncLocalStorage<CronRun> | undefined })[
  Symbol.for('holdfast/1/runs')
] ??= new AsyncLocalStorage<CronRun>())

export function within<T>(run: CronRun, work: () => T): T {
  return runs.run(run, work)
}

/**
 * The run that the calling code is part of. Throws `Misuse` outside of one, so that code which must not run bare can say so.
 *
 * @example
 * currentRun().assertHeld()
 */
export function currentRun(): CronRun {
  const run = runs.getStore()
  if (run !== undefined) return run
  throw new Misuse('this code is no part of a run: call it from the job of cron(), scheduled() or oncePerTick()')
}
