/**
 * The end of every run: what was skipped and why, what failed, then one line `N passed, N failed`, counted from the
 * results of all suites. A file that cannot be loaded and an error outside any test count as failures, so nothing red
 * can look green. Of a long run people often see the end alone: what failed is named there once more.
 */
import { appendFileSync } from 'node:fs'
import { relative } from 'node:path'
import type { Reporter, SerializedError, TestCase, TestModule, Vitest } from 'vitest/node'
import { Watchdog } from '@holdfast/testbed/watchdog/watchdog'
import { excuseOf, inWords, isTimeout, type Repeat } from './repeats.ts'

export interface Tally {
  readonly passed: number
  readonly failed: number
  /** One line each: the full name and the reason. */
  readonly failures: readonly string[]
  /** The same. */
  readonly skipped: readonly string[]
  /** What the machine had no time for, and belongs to none of the others yet. */
  readonly repeats?: readonly Repeat[]
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
    else failures.push(failureOf(each))
  }
  return { passed, failed: failures.length, failures, skipped }
}

/** A test that never finished is `pending`, and that is no success. */
function failureOf(test: Finished): string {
  const { errors, state } = test.result()
  return `${test.fullName} — ${firstLine(errors?.[0]?.message ?? `it is ${state}`)}`
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? ''
}

export function closingLine({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed${skipped.length === 0 ? '' : `, ${skipped.length} skipped`}`
}

/** Prints the end, or hands it to a run of several parts, which adds them up and repeats what is to be repeated. */
export function close(result: Tally): void {
  for (const line of result.skipped) process.stdout.write(`skipped: ${line}\n`)
  const file = process.env['HOLDFAST_TALLY']
  if (file !== undefined)
    return appendFileSync(file, `${JSON.stringify({ repeats: [], ...result, skipped: result.skipped.length })}\n`)
  const failures = [...result.failures, ...(result.repeats ?? []).flatMap(({ reasons }) => reasons)]
  for (const line of failures) process.stdout.write(`failed: ${line}\n`)
  process.stdout.write(`${closingLine({ ...result, failed: failures.length })}\n`)
}

/** What tells whether the machine had time. */
export type Watch = Pick<Watchdog, 'starvation' | 'close'>

const SLOWEST = 25

export class ClosingLine implements Reporter {
  readonly #startWatch: () => Watch
  readonly #startedMs = new Map<string, number>()
  readonly #endedMs = new Map<string, number>()
  #watch: Watch | undefined
  #vitest: Vitest | undefined

  constructor(startWatch: () => Watch = () => Watchdog.start()) {
    this.#startWatch = startWatch
  }

  onInit(vitest: Vitest): void {
    this.#vitest = vitest
    this.#watch = this.#startWatch()
    vitest.onClose(() => this.#watch?.close())
  }

  onTestModuleStart({ moduleId }: TestModule): void {
    this.#startedMs.set(moduleId, Date.now())
  }

  onTestModuleEnd({ moduleId }: TestModule): void {
    this.#endedMs.set(moduleId, Date.now())
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const repeats = modules.flatMap((module) => this.#repeatOf(module) ?? [])
    const names = new Map(repeats.map((repeat) => [repeat.file, repeat.names]))
    const isRepeated = (module: TestModule, test?: TestCase): boolean => {
      const chosen = names.get(this.#fileOf(module))
      return chosen?.length === 0 || (test !== undefined && chosen?.includes(test.fullName) === true)
    }
    const cases = modules.flatMap((module) =>
      [...module.children.allTests()].filter((test) => !this.#isLeftOut(test) && !isRepeated(module, test)),
    )
    const broken = [
      ...modules.filter((module) => !isRepeated(module)).flatMap((module) => suiteErrors(module)),
      ...unhandled.map(({ message }) => firstLine(message)),
    ]
    if (cases.length + broken.length + repeats.length === 0) broken.push('nothing was run')
    const result = { ...tally(cases, broken), repeats }
    if (result.failed > 0) process.exitCode = 1
    const slowest = this.#slowest(modules)
    // After the summary of the default reporter, which prints at the same moment.
    setImmediate(() => {
      for (const line of slowest) process.stdout.write(`${line}\n`)
      close(result)
    })
  }

  /** Tests of a file whose failures the load of the machine excuses; the whole file where a hook took too long. */
  #repeatOf(module: TestModule): Repeat | undefined {
    const file = this.#fileOf(module)
    const span = [this.#startedMs.get(module.moduleId) ?? 0, this.#endedMs.get(module.moduleId) ?? Date.now()] as const
    const errors = errorsOf(module)
    if (errors.length > 0) {
      const starved = errors.every((error) => isTimeout(error)) ? this.#watch?.starvation(...span) : undefined
      if (starved === undefined) return undefined
      return { file, names: [], reasons: suiteErrors(module).map((line) => `${line}; ${inWords(starved)}`) }
    }
    const excused = [...module.children.allTests('failed')].flatMap((test) => {
      const starved = excuseOf(test, (fromMs, toMs) => this.#watch?.starvation(fromMs, toMs))
      return starved === undefined ? [] : [{ name: test.fullName, reason: `${failureOf(test)}; ${inWords(starved)}` }]
    })
    if (excused.length === 0) return undefined
    return { file, names: excused.map(({ name }) => name), reasons: excused.map(({ reason }) => reason) }
  }

  /** By a pattern for names: it is not skipped, it was not asked for. */
  #isLeftOut(test: TestCase): boolean {
    return test.options.mode === 'skip' && this.#vitest?.getGlobalTestNamePattern() !== undefined
  }

  #fileOf({ moduleId }: TestModule): string {
    return relative(this.#vitest?.config.root ?? '', moduleId).replaceAll('\\', '/')
  }

  /** Only of many: who runs one file sees its time anyway. */
  #slowest(modules: readonly TestModule[]): readonly string[] {
    if (modules.length <= SLOWEST) return []
    const times = modules.map((module) => ({ file: this.#fileOf(module), ms: module.diagnostic().duration }))
    return times
      .toSorted((a, b) => b.ms - a.ms)
      .slice(0, SLOWEST)
      .map(({ file, ms }) => `slowest: ${(ms / 1000).toFixed(1).padStart(6)} s  ${file}`)
  }
}

/** Errors of the file itself and of hooks around a group of tests. */
function errorsOf(module: TestModule): SerializedError[] {
  return [module.errors(), ...Array.from(module.children.allSuites(), (suite) => suite.errors())].flat()
}

function suiteErrors(module: TestModule): string[] {
  return errorsOf(module).map(({ message }) => `${module.relativeModuleId} — ${firstLine(message)}`)
}
