/** `holdfast/cron`: each tick of a schedule once, on one of the machines that have it. */
import { clientOf } from '../../client/client-registry.ts'
import { checkKeys } from '../../client/options.ts'
import { Misuse } from '../../store/errors.ts'
import { isInstant } from '../../time/instant.ts'
import type { MaybePromise } from '../duty.ts'
import type { Ledger } from '../ledger.ts'
import type { Locks } from '../locks.ts'
import { resultOfTick } from '../tick/result.ts'
import { TICK_OPTIONS, tickRules } from './plan.ts'
import type { CronRun, RunRecord, TickOptions, TickResult } from '../tick/tick.ts'
import { LineCoordinator } from './coordinator.ts'
import type { CronJob, CronOptions, RunCoordinator, RunCoordinatorOptions, Schedule, ScheduledOptions } from './cron.ts'
import { nearestTick, scheduleOf } from './schedule.ts'
import { TimetableJob } from '../timetable/timetable-job.ts'

export { currentRun } from '../current-run.ts'
export type { MaybePromise, Stopping } from '../duty.ts'
export type { Ledger } from '../ledger.ts'
export type * from '../tick/tick.ts'
export type * from './cron.ts'

const CATCH_UP = ['none', 'last', 'all']
const CRON_OPTIONS = [...TICK_OPTIONS, 'schedule', 'timezone', 'catchUp', 'signal']
const TIMEZONE = 'UTC'

/**
 * Runs the job once for each tick of the schedule, on one of the machines that call this. Resolves when the schedule has
 * begun, and rejects with `Misuse` for a pattern that is none. What the job throws is told as `finished`, and to the logger.
 *
 * @example
 * const job = await cron(locks, 'reminders', { schedule: '0 3 * * *', atMostFor: '30m', ledger: ledger(db) }, (run) =>
 *   sendReminders(run.tick, run.signal),
 * )
 */
export async function cron(
  locks: Locks,
  name: string,
  options: CronOptions,
  job: (run: CronRun) => MaybePromise<unknown>,
): Promise<CronJob> {
  const client = clientOf(locks)
  checkKeys(options, CRON_OPTIONS)
  checkWork(job)
  const { schedule, timezone = TIMEZONE, catchUp = 'none', signal, ...rest } = options
  if (!CATCH_UP.includes(catchUp)) throw new Misuse(`catchUp must be one of ${CATCH_UP.join(', ')}`)
  if (catchUp !== 'none' && rest.ledger === undefined) {
    throw new Misuse('catchUp needs a ledger: without one it is not known which ticks ran')
  }
  const pattern = typeof schedule === 'string' ? `${schedule} ${timezone}` : undefined
  const rulesOf = (warn: (reason: string) => void) => tickRules(client, name, rest, { warn, schedule: pattern })
  rulesOf(() => undefined)
  const plan = { schedule: await scheduleOf(schedule, timezone), pattern, catchUp, signal }
  return new TimetableJob(client, rulesOf, plan, job)
}

/**
 * The rule beneath, for schedulers of others that tell the tick they fire: runs the work unless that tick began before,
 * anywhere. Rejects with what the work threw.
 *
 * @example
 * const result = await oncePerTick(locks, 'invoices', new Date('2026-11-01T00:00:00Z'), { atMostFor: '2h' }, () => send())
 * if (!result.ran) console.log(`skipped: ${result.because}`)
 */
export async function oncePerTick<T>(
  locks: Locks,
  name: string,
  tick: Date,
  options: TickOptions,
  work: (run: CronRun) => MaybePromise<T>,
): Promise<TickResult<T>> {
  const client = clientOf(locks)
  checkWork(work)
  if (!isInstant(tick)) throw new Misuse('tick must be a date')
  return resultOfTick(await tickRules(client, name, options).rule.run({ tick, ends: client.closing }, work))
}

/**
 * A function to give to any scheduler that does not tell which tick it fires: it runs the job for the tick nearest to now
 * by the schedule.
 *
 * @example
 * const nightly = scheduled(locks, 'report', { schedule: '0 3 * * *', atMostFor: '1h' }, (run) => write(run.tick))
 */
export function scheduled<Arguments extends unknown[]>(
  locks: Locks,
  name: string,
  options: ScheduledOptions,
  job: (run: CronRun, ...args: Arguments) => MaybePromise<unknown>,
): (...args: Arguments) => Promise<TickResult<unknown>> {
  const client = clientOf(locks)
  checkWork(job)
  const { schedule, timezone = TIMEZONE, ...rest } = options
  const pattern = typeof schedule === 'string' ? `${schedule} ${timezone}` : undefined
  const { rule } = tickRules(client, name, rest, { schedule: pattern })
  let found: Schedule | undefined
  return async (...args) => {
    found ??= await scheduleOf(schedule, timezone)
    const tick = nearestTick(found, client.clock.wallMs())
    return resultOfTick(await rule.run({ tick, ends: client.closing }, (run) => job(run, ...args)))
  }
}

/**
 * What node-cron asks before each run. A job learns nothing of a lost lease there, so `onLost` tells you.
 *
 * @example
 * setRunCoordinator(runCoordinator(locks, { atMostFor: '1h' }))
 */
export function runCoordinator(locks: Locks, options: RunCoordinatorOptions): RunCoordinator {
  return new LineCoordinator(clientOf(locks), options)
}

/**
 * The last runs of a job on all machines, the latest tick first, for onlookers.
 *
 * @example
 * console.table(await history(locks, 'reminders', ledger(db)))
 */
export async function history(locks: Locks, name: string, ledger: Ledger): Promise<readonly RunRecord[]> {
  const rules = tickRules(clientOf(locks), name, { atMostFor: '1s', ledger })
  return (await rules.ledger?.read())?.runs ?? []
}

function checkWork(work: unknown): void {
  if (typeof work !== 'function') throw new Misuse('the last argument is the work to do: (run) => …')
}
