/**
 * Which failed tests are repeated alone at the end: those that wait for real time, if the machine was starved while they
 * ran. Every other failure stands as it is.
 */
import type { TestCase } from 'vitest/node'
import { isBrokenPromise } from '@holdfast/testbed/watchdog/broken-promise'
import type { Starvation } from '@holdfast/testbed/watchdog/watchdog'

/** `@module-tag real-time` in the header of a file: its tests wait for processes, servers and timers. */
export const REAL_TIME = 'real-time'

/** The errors of a test or a hook that took longer than it may. Such a limit is one of time in any test. */
const TIMEOUTS: ReadonlySet<string> = new Set(['TestTimeoutError', 'HookTimeoutError'])

/** Tests of one file that are to be run once more. */
export interface Repeat {
  readonly file: string
  /** Their full names; none stand for the whole file. */
  readonly names: readonly string[]
  /** One line each: what failed, why, and how late the machine was. */
  readonly reasons: readonly string[]
}

/** What is asked of a test case. */
export type FailedTest = Pick<TestCase, 'tags' | 'result' | 'diagnostic'>

/** Between two moments; undefined when the machine had time. */
export type StarvationBetween = (fromMs: number, toMs: number) => Starvation | undefined

/** How the machine was starved when this test failed; undefined for a failure that stands. */
export function excuseOf(test: FailedTest, starvation: StarvationBetween): Starvation | undefined {
  if (!isOfTime(test)) return undefined
  const { startTime, duration } = test.diagnostic() ?? { startTime: 0, duration: 0 }
  return starvation(startTime, startTime + duration)
}

/** Whether a busy machine can be to blame for this failure. */
export function isOfTime(test: Pick<FailedTest, 'tags' | 'result'>): boolean {
  const errors = test.result().errors ?? []
  if (errors.length === 0 || errors.some((error) => isBrokenPromise(error))) return false
  return test.tags.includes(REAL_TIME) || errors.every((error) => isTimeout(error))
}

export function isTimeout({ name }: { readonly name?: string }): boolean {
  return name !== undefined && TIMEOUTS.has(name)
}

export function inWords({ slowdown, lateMs }: Starvation): string {
  return `the machine was ${slowdown.toFixed(1)} times slower than alone, a timer fired ${Math.round(lateMs)} ms late`
}
