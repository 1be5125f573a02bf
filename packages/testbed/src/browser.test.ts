/**
 * A browser that was closed is gone, with all that it had started.
 * @module-tag real-time
 */
import { expect, test } from 'vitest'
import * as chromium from './browser.ts'
import { requireEngine } from './engines/require-engine.ts'

const PAGE = 'data:text/html,<html data-ready="true"></html>'

test('a browser leaves no process behind', { timeout: 60_000 }, async (context) => {
  const program = await requireEngine(context, chromium)
  const browser = await chromium.Browser.open(program, PAGE)
  const group = -(browser.pid ?? 0)
  expect(process.kill(group, 0)).toBe(true)
  await browser[Symbol.asyncDispose]()
  // The kernel takes a moment to bury a group.
  await expect.poll(() => isThere(group)).toBe(false)
})

function isThere(group: number): boolean {
  try {
    return process.kill(group, 0)
  } catch {
    return false
  }
}
