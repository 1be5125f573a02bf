/** The built library on every Node it promises to run on. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findNode, NODE_VERSIONS } from '../support/node-versions.ts'
import { run } from '../support/run.ts'
import { read, root } from '../support/tree.ts'

/** A download of some 60 MB may be part of it. */
const SLOW_MS = 180_000

/** Of the range in `engines`. */
const OLDEST = '22.13.1'

/** A laptop may be offline; a build machine may not pass without having looked. */
function cannot(skip: (note: string) => void, reason: string): void {
  if (process.env['CI'] !== undefined) throw new Error(reason)
  skip(reason)
}

async function works(version: string, skip: (note: string) => void): Promise<void> {
  const found = await findNode(version)
  if ('reason' in found) return cannot(skip, found.reason)
  const { code, output } = await run(found.program, [join(root, 'tests', 'consumer', 'smoke.mjs')])
  expect(code, output).toBe(0)
  expect(output).toContain(`ok ${version}`)
}

test.for(NODE_VERSIONS)('the built library works on Node %s', { timeout: SLOW_MS }, (version, { skip }) =>
  works(version, skip),
)

test('and on the oldest that its packages accept', { timeout: SLOW_MS }, async ({ skip }) => {
  const { engines } = JSON.parse(read('packages/holdfast/package.json')) as { engines: { node: string } }
  expect(engines.node).toBe(`>=${OLDEST.replace(/\.\d+$/, '')}`)
  await works(OLDEST, skip)
})
