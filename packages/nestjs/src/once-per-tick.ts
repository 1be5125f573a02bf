/** A method as a job of a schedule that runs on one instance only. */
import type { CronOptions, CronRun } from 'holdfast/cron'

export interface OncePerTickOptions extends Omit<CronOptions, 'signal'> {
  /** What the machines call the job. @default the names of the class and of the method, with a dot between */
  readonly name?: string
  /** The name of the module whose client is used. @default the module without a name */
  readonly client?: string
}

const KEY = 'holdfast:once-per-tick'

/** Fits methods that take a run, or nothing. */
export type TickDecorator = <Method extends (run: CronRun) => unknown>(
  target: object,
  key: string | symbol,
  descriptor: TypedPropertyDescriptor<Method>,
) => void

/**
 * Calls the method at each tick of a schedule, on one of all instances. `@Cron` of `@nestjs/schedule` beside `@Locked` does not: the lock is
 * free again when a short job is over, and the clock of the next instance is a little later. The rules are those of `holdfast/cron`; a pattern
 * needs the package croner.
 *
 * @example
 * ```ts
 * @OncePerTick({ schedule: '0 3 * * *', timezone: 'Europe/Vienna', atMostFor: '1h' })
 * async report(run: CronRun) { await this.mail.sendReport(run.tick, { signal: run.stopping }) }
 * ```
 */
export function OncePerTick(options: OncePerTickOptions): TickDecorator {
  return (_target, _key, descriptor) => {
    if (descriptor.value !== undefined) Reflect.defineMetadata(KEY, options, descriptor.value)
  }
}

export function tickOptionsOf(method: object): OncePerTickOptions | undefined {
  const options: unknown = Reflect.getMetadata(KEY, method)
  return options === undefined ? undefined : (options as OncePerTickOptions)
}
