/**
 * A process that keeps one Vitest warm over a copy of the sources: a start costs two seconds, a run in a warm one a
 * quarter. Every test file still gets a process of its own, and only what changed is compiled again.
 */
import { join } from 'node:path'
import { createVitest, type TestModule } from 'vitest/node'
import { isOfTime } from '../support/repeats.ts'

/** One run of tests. */
export interface Order {
  /** From the root of the sources. */
  readonly files: readonly string[]
  /** Only tests whose full name matches this. */
  readonly named?: string
  /** Files that were written since the last order. */
  readonly changed: readonly string[]
}

export interface Result {
  /** The full names of tests. */
  readonly passed: readonly string[]
  readonly failed: readonly string[]
  /** Something failed: a test, a file, or the run itself. */
  readonly isRed: boolean
  /** Nothing failed but what waits for real time, so a busy machine may be to blame. */
  readonly isOfTime: boolean
}

const root = process.cwd()
const vitest = await createVitest('test', { root, watch: false, bail: 1, fileParallelism: false })
await vitest.init()

async function run({ files, named, changed }: Order): Promise<Result> {
  for (const file of changed) vitest.invalidateFile(join(root, file))
  const paths = files.map((file) => join(root, file))
  const only = named === undefined ? {} : { testNamePattern: new RegExp(named) }
  const specifications = paths.map((path) => vitest.getRootProject().createSpecification(path, only))
  const { testModules, unhandledErrors } = await vitest.runTestSpecifications(specifications)
  // It remembers the files of earlier runs.
  const modules = testModules.filter(({ moduleId }) => paths.includes(moduleId))
  const tests = (state: 'passed' | 'failed') => modules.flatMap((module) => [...module.children.allTests(state)])
  const isBroken = unhandledErrors.length > 0 || modules.length < paths.length || modules.some(isBrokenFile)
  const failed = tests('failed')
  return {
    passed: tests('passed').map(({ fullName }) => fullName),
    failed: failed.map(({ fullName }) => fullName),
    isRed: isBroken || failed.length > 0,
    isOfTime: !isBroken && failed.length > 0 && failed.every((test) => isOfTime(test)),
  }
}

/** It cannot be loaded, or a hook in it failed. */
function isBrokenFile(module: TestModule): boolean {
  return [module, ...module.children.allSuites()].some((each) => each.errors().length > 0)
}

process.on('message', (order: Order) => {
  run(order).then(
    (result) => process.send?.(result),
    (error: unknown) => {
      console.error(error)
      process.exit(1)
    },
  )
})
process.on('disconnect', () => process.exit())
