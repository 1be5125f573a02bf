/**
 * The end of every run: what was skipped and why, then one line `N passed, N failed`, counted from the results of all
 * suites. A file that cannot be loaded and an error outside any test count as failures, so nothing red can look green.
 */
import { appendFileSync } from 'node:fs'
import type { Reporter, SerializedError, TestCase, TestModule } from 'vitest/node'

export interface Tally {
  readonly passed: number
  readonly failed: number
  /** One line each: the full name and the reason. */
  readonly skipped: readonly string[]
}

/** What the tally needs of a test case. */
export type Finished = Pick<TestCase, 'fullName' | 'result'>

/** `broken` counts failures that belong to no test. */
export function tally(cases: Iterable<Finished>, broken: number): Tally {
  let passed = 0
  let failed = broken
  const skipped: string[] = []
  for (const each of cases) {
    const result = each.result()
    if (result.state === 'passed') passed += 1
    else if (result.state === 'skipped') skipped.push(`${each.fullName} — ${result.note ?? 'no reason given'}`)
    // A test that never finished is `pending`, and that is no success.
    else failed += 1
  }
  return { passed, failed, skipped }
}

export function closingLine({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed${skipped.length === 0 ? '' : `, ${skipped.length} skipped`}`
}

/** Prints the line, or hands the numbers to a run of several parts, which adds them up. */
export function close(result: Tally): void {
  const file = process.env['HOLDFAST_TALLY']
  if (file === undefined) process.stdout.write(`${closingLine(result)}\n`)
  else appendFileSync(file, `${JSON.stringify({ ...result, skipped: result.skipped.length })}\n`)
}

export class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const cases = modules.flatMap((module) => [...module.children.allTests()])
    const broken = modules.reduce((sum, module) => sum + suiteErrors(module), 0) + unhandled.length
    const result = tally(cases, cases.length + broken === 0 ? 1 : broken)
    if (result.failed > 0) process.exitCode = 1
    // After the summary of the default reporter, which prints at the same moment.
    setImmediate(() => {
      for (const line of result.skipped) process.stdout.write(`skipped: ${line}\n`)
      close(result)
    })
  }
}

/** Errors of the file itself and of hooks around a group of tests. */
function suiteErrors(module: TestModule): number {
  let errors = module.errors().length
  for (const suite of module.children.allSuites()) errors += suite.errors().length
  return errors
}
