/**
 * The end of every run: what was skipped and why, what failed, then one line `N passed, N failed`, counted from the
 * results of all suites. A file that cannot be loaded and an error outside any test count as failures, so nothing red
 * can look green. Of a long run people often see the end alone: what failed is named there once more.
 */
import { appendFileSync } from 'node:fs'
import type { Reporter, SerializedError, TestCase, TestModule } from 'vitest/node'

export interface Tally {
  readonly passed: number
  readonly failed: number
  /** One line each: the full name and the reason. */
  readonly failures: readonly string[]
  /** The same. */
  readonly skipped: readonly string[]
}

/** What the tally needs of a test case. */
export type Finished = Pick<TestCase, 'fullName' | 'result'>

/** `broken` are failures that belong to no test. */
export function tally(cases: Iterable<Finished>, broken: readonly string[]): Tally {
  let passed = 0
  const failures = [...broken]
  const skipped: string[] = []
  for (const each of cases) {
    const result = each.result()
    if (result.state === 'passed') passed += 1
    else if (result.state === 'skipped') skipped.push(`${each.fullName} — ${result.note ?? 'no reason given'}`)
    // A test that never finished is `pending`, and that is no success.
    else failures.push(`${each.fullName} — ${firstLine(result.errors?.[0]?.message ?? `it is ${result.state}`)}`)
  }
  return { passed, failed: failures.length, failures, skipped }
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? ''
}

export function closingLine({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed${skipped.length === 0 ? '' : `, ${skipped.length} skipped`}`
}

/** Prints the end, or hands it to a run of several parts, which adds them up. */
export function close(result: Tally): void {
  for (const line of result.skipped) process.stdout.write(`skipped: ${line}\n`)
  const file = process.env['HOLDFAST_TALLY']
  if (file !== undefined)
    return appendFileSync(file, `${JSON.stringify({ ...result, skipped: result.skipped.length })}\n`)
  for (const line of result.failures) process.stdout.write(`failed: ${line}\n`)
  process.stdout.write(`${closingLine(result)}\n`)
}

export class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const cases = modules.flatMap((module) => [...module.children.allTests()])
    const broken = [
      ...modules.flatMap((module) => suiteErrors(module)),
      ...unhandled.map(({ message }) => firstLine(message)),
    ]
    if (cases.length + broken.length === 0) broken.push('nothing was run')
    const result = tally(cases, broken)
    if (result.failed > 0) process.exitCode = 1
    // After the summary of the default reporter, which prints at the same moment.
    setImmediate(() => close(result))
  }
}

/** Errors of the file itself and of hooks around a group of tests. */
function suiteErrors(module: TestModule): string[] {
  const errors = [module.errors(), ...Array.from(module.children.allSuites(), (suite) => suite.errors())].flat()
  return errors.map(({ message }) => `${module.relativeModuleId} — ${firstLine(message)}`)
}
