/**
 * `npm test`: installs and builds what is missing, then runs every suite — units, conformance, engines, house rules,
 * package checks, other Node versions — and the mutants, which prove that the suites can fail. `npm test -- PART …` runs
 * only the files whose path contains PART. The last lines name what failed and count it, `N passed, N failed`, added up
 * from all of them.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
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
  const suites = [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', ...filters]
  if (filters.length > 0) return run(projectNode(), suites)
  return await addedUp([(env) => run(projectNode(), suites, { env }), (env) => runScript('mutants.mjs', [], { env })])
}

/**
 * Runs the parts one after another, all of them whatever happens, and prints the line for them together. A part that
 * ends without its numbers has failed.
 * @param {readonly ((env: NodeJS.ProcessEnv) => Promise<number>)[]} parts
 */
async function addedUp(parts) {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-tally-'))
  const file = join(folder, 'tally')
  const sum = { passed: 0, failed: 0, skipped: 0 }
  const failures = []
  let worst = 0
  for (const part of parts) {
    const before = lines(file).length
    const code = await part({ ...process.env, HOLDFAST_TALLY: file })
    const added = lines(file).slice(before)
    for (const line of added) {
      const { passed, failed, failures: named, skipped } = JSON.parse(line)
      failures.push(...named)
      sum.passed += passed
      sum.failed += failed
      sum.skipped += skipped
    }
    if (added.length === 0) sum.failed += 1
    worst = Math.max(worst, code)
  }
  rmSync(folder, { recursive: true })
  for (const line of failures) say(`failed: ${line}`)
  const skipped = sum.skipped === 0 ? '' : `, ${sum.skipped} skipped`
  say(`${sum.passed} passed, ${sum.failed} failed${skipped}`)
  return worst === 0 && sum.failed > 0 ? 1 : worst
}

/** @param {string} file */
function lines(file) {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : []
}

process.exitCode = await test(process.argv.slice(2))
