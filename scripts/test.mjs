/**
 * `npm test`: installs and builds what is missing, then runs every suite — units, conformance, house rules, package
 * checks, other Node versions. The last line is `N passed, N failed`, counted by tests/support/closing-line.ts.
 */
import { join } from 'node:path'
import { install } from './install.mjs'
import { projectNode, root, run, runScript, say } from './workspace.mjs'

/** @param {readonly string[]} filters */
async function test(filters) {
  say('holdfast: getting ready …')
  for (const step of [install, () => runScript('build.mjs')]) {
    const code = await step()
    if (code === 0) continue
    say('0 passed, 1 failed')
    return code
  }
  say('running the suites …')
  return run(projectNode(), [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', ...filters])
}

process.exitCode = await test(process.argv.slice(2))
