/**
 * `npm test`: installs and builds what is missing, then runs every suite — units, conformance, engines, house rules,
 * package checks, other Node versions — and the mutants, which prove that the suites can fail. `npm test -- PART …` runs
 * only the files whose path contains PART. The last lines name what was repeated and what failed and count it,
 * `N passed, N failed`, added up from all of them.
 */
import { install } from './install.mjs'
import { runAll, vitest } from './suites.mjs'
import { root, runScript, say } from './workspace.mjs'

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
  /** @param {NodeJS.ProcessEnv} env */
  const suites = (env) => vitest(filters, root, env)
  /** @param {NodeJS.ProcessEnv} env */
  const mutants = (env) => runScript('mutants.mjs', [], { env })
  return await runAll(filters.length > 0 ? [suites] : [suites, mutants])
}

process.exitCode = await test(process.argv.slice(2))
