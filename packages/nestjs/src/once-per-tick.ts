/** A method as a job of a schedule that runs on one instance only. */
import { Misuse } from 'holdfast'
import type { CronOptions, CronRun } from 'holdfast/cron'
import { likeOriginal } from './likeness.ts'
import { answerOf } from './scheduler-calls.ts'

export interface OncePerTickOptions extends Omit<CronOptions, 'signal' | 'schedule'> {
  /** When it is due: a pattern, or a schedule of your own. @default that of `@Cron` of `@nestjs/schedule` on the same method */
  readonly schedule?: CronOptions['schedule']
  /** What the machines call the job. @default the names of the class and of the method, with a dot between */
  readonly name?: string
  /** The name of the module whose client is used. @default the module without a name */
  readonly client?: string
}

const KEY = 'holdfast:once-per-tick'

type RunMethod = (run: CronRun) => unknown

/** Fits methods that take a run, or nothing. */
export type TickDecorator = <Method extends RunMethod>(
  target: object,
  key: string | symbol,
  descriptor: TypedPropertyDescriptor<Method>,
) => void

/** What is kept of a method. */
export interface TickMethod {
  readonly options: OncePerTickOptions
  readonly original: RunMethod
}

/**
 * Calls the method at each tick of a schedule, on one of all instances. `@Cron` of `@nestjs/schedule` beside `@Locked` does not: the lock is
 * free again when a short job is over, and the clock of the next instance is a little later. Without a `schedule` the method keeps its `@Cron`,
 * by whose timers it is called and with which it stands in the `SchedulerRegistry`. The rules are those of `holdfast/cron`; a pattern needs the
 * package croner.
 *
 * @example
 * ```ts
 * @OncePerTick({ schedule: '0 3 * * *', timezone: 'Europe/Vienna', atMostFor: '1h' })
 * async report(run: CronRun) { await this.mail.sendReport(run.tick, { signal: run.stopping }) }
 * ```
 */
export function OncePerTick(options: OncePerTickOptions): TickDecorator {
  return (_target, key, descriptor) => {
    const original: RunMethod | undefined = descriptor.value
    if (original === undefined) throw new Misuse(`@OncePerTick stands above ${String(key)}, which is no method`)
    const kept: TickMethod = { options, original }
    if (options.schedule !== undefined) {
      Reflect.defineMetadata(KEY, kept, original)
      return
    }
    const replacement = function (this: object): Promise<unknown> {
      return answerOf(this, original, String(key))
    }
    Reflect.defineMetadata(KEY, kept, replacement)
    Object.assign(descriptor, { value: likeOriginal(replacement, original) })
  }
}

export function tickMethodOf(method: object): TickMethod | undefined {
  const kept: unknown = Reflect.getMetadata(KEY, method)
  return kept === undefined ? undefined : (kept as TickMethod)
}
