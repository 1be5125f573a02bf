/** When ticks are due: by a pattern, which croner reads, or by what the caller has. */
import { Misuse, StoreUnavailable } from '../../store/errors.ts'
import { instant } from '../../time/instant.ts'
import type { Schedule } from './cron.ts'

interface CronerClass {
  new (pattern: string, options: { readonly timezone: string; readonly paused: boolean }): Schedule
}

/** Rejects with `Misuse` for a pattern or a time zone that is none, and with the way to croner where it is missing. */
export async function scheduleOf(schedule: string | Schedule, timezone: string): Promise<Schedule> {
  if (typeof schedule === 'string') return await patternOf(schedule, timezone)
  if (typeof schedule?.nextRun === 'function' && typeof schedule.previousRuns === 'function') return schedule
  throw new Misuse('schedule must be a cron pattern such as "0 3 * * *", or have nextRun() and previousRuns()')
}

async function patternOf(pattern: string, timezone: string): Promise<Schedule> {
  const module: unknown = await import('croner').catch((cause: unknown) => {
    const words = 'a cron pattern needs the package croner: npm install croner, or give schedule an object of your own'
    throw new StoreUnavailable(words, { cause, isFinal: true })
  })
  const { Cron } = module as { readonly Cron: CronerClass }
  try {
    const schedule = new Cron(pattern, { timezone, paused: true })
    schedule.nextRun()
    return schedule
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new Misuse(`schedule ${JSON.stringify(pattern)} in ${JSON.stringify(timezone)}: ${why}`, { cause })
  }
}

/** The tick that was meant by a scheduler that calls now: a timer is a little early or late, and a clock is set. */
export function nearestTick(schedule: Schedule, nowMs: number): Date {
  const now = instant(nowMs)
  const [before] = schedule.previousRuns(1, instant(nowMs + 1))
  const after = schedule.nextRun(now)
  const near = [before, after].filter((tick) => tick !== undefined && tick !== null)
  const [tick] = near.toSorted((one, other) => Math.abs(one.getTime() - nowMs) - Math.abs(other.getTime() - nowMs))
  if (tick === undefined) throw new Misuse('the schedule has no tick, neither before now nor after')
  return tick
}
