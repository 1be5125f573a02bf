/** Methods that `@Cron` of `@nestjs/schedule` calls on every instance, and what each call comes to on this one. */
import { Misuse } from 'holdfast'

type Answer = () => Promise<unknown>

/** By the object whose method is called, and by the method as it was written. */
const answers = new WeakMap<object, Map<object, Answer>>()

/** What `@nestjs/schedule` keeps of a method: its jobs are found by it, so it is as stable as its decorators. */
const CRON = 'SCHEDULE_CRON_OPTIONS'

export interface SchedulerPattern {
  readonly schedule: string
  readonly timezone: string
}

/** The pattern of `@Cron` above or below, or undefined where there is none. */
export function schedulerPatternOf(method: object, name: string): SchedulerPattern | undefined {
  const found: unknown = Reflect.getMetadata(CRON, method)
  if (found === undefined) return undefined
  const { cronTime, timeZone } = found as Readonly<Record<string, unknown>>
  if (typeof cronTime === 'string' && typeof timeZone === 'string') return { schedule: cronTime, timezone: timeZone }
  throw new Misuse(`${name} needs a pattern and a timeZone in @Cron: all instances have to agree on its ticks`)
}

export function answerCalls(instance: object, method: object, answer: Answer): void {
  const known = answers.get(instance) ?? new Map<object, Answer>()
  answers.set(instance, known.set(method, answer))
}

/** Calls of an instance that Nest did not make, or without the module, are refused: they would run on every machine. */
export async function answerOf(instance: object, method: object, key: string): Promise<unknown> {
  const answer = answers.get(instance)?.get(method)
  if (answer === undefined)
    throw new Misuse(`${key}() is no job yet: import HoldfastModule, and let Nest make the class and start`)
  return await answer()
}
