/** Bounded waiting for a state that is not announced: a server's first answer, a cluster's agreement. */
import { setTimeout as sleep } from 'node:timers/promises'
import { patient } from '../watchdog/pace.ts'

export interface UntilOptions {
  /** On a quiet machine; a busy one gets more, as long as it is busy. */
  readonly withinMs: number
  readonly everyMs?: number
  /** What is being waited for, as the message says it: `… did not happen within`. */
  readonly what: string
  /** Added to the message when the time is over. */
  readonly details?: () => string
}

const EVERY_MS = 10

/** Asks again and again. An error of the question is not an answer; the last one becomes the cause of the timeout. */
export async function until(condition: () => Promise<boolean> | boolean, options: UntilOptions): Promise<void> {
  const startMs = performance.now()
  let cause: unknown
  for (let isLast = false; ;) {
    try {
      if (await condition()) return
    } catch (error) {
      if (error instanceof Hopeless) throw error
      cause = error
    }
    // On a busy machine a sleep may outlast the limit: what came about meanwhile has come about.
    if (isLast) break
    await sleep(options.everyMs ?? EVERY_MS)
    isLast = performance.now() - startMs >= patient(options.withinMs)
  }
  const details = options.details?.() ?? ''
  throw new Error(`${options.what} did not happen within ${options.withinMs} ms${details}`, { cause })
}

/** Thrown by a condition that can never become true, to end the wait at once. */
export class Hopeless extends Error {}
