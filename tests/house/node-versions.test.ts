/** The built library on every Node it promises to run on. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findNode, NODE_VERSIONS } from '../support/node-versions.ts'
import { run } from '../support/run.ts'
import { root } from '../support/tree.ts'

/** A download of some 60 MB may be part of it. */
const SLOW_MS = 180_000

/** A laptop may be offline; a build machine may not pass without having looked. */
function cannot(skip: (note: string) => void, reason: string): void {
  if (process.env['CI'] !== undefined) throw new Error(reason)
  skip(reason)
}

test.for(NODE_VERSIONS)('the built library works on Node %s', { timeout: SLOW_MS }, async (version, { skip }) => {
  const found = await findNode(version)
  if ('reason' in found) return cannot(skip, found.reason)
  const { code, output } = await run(found.program, [join(root, 'tests', 'consumer', 'smoke.mjs')])
  expect(code, output).toBe(0)
  expect(output).toContain(`ok ${version}`)
})
