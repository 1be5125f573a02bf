/** How a suite says that it needs an engine: it gets it, or it is skipped by name with the reason, or it fails. */
import type { Driver, Program } from './driver.ts'
import { EngineNotAvailable, type Release } from './engine.ts'

/** What is used of a test's context. */
export interface SkippableTest {
  skip(note?: string): never
}

/**
 * For `beforeEach`. On a developer's machine without the engine the test is skipped. With CI=true the engines of Debian
 * stable must be there, so that a run in which nothing was tested is not green.
 */
export async function requireEngine(
  test: SkippableTest,
  driver: Pick<Driver, 'locate'>,
  release: Release = 'stable',
): Promise<Program> {
  try {
    return await driver.locate(release)
  } catch (error) {
    const isMandatory = release === 'stable' && process.env['CI'] === 'true'
    if (!(error instanceof EngineNotAvailable) || isMandatory) throw error
    const { skip } = test
    return skip(error.message)
  }
}
