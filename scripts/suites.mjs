/**
 * Runs the parts of `npm test` and adds them up: every suite, then once more and alone what the machine had no time for.
 * What a repeat fails again has failed. The last line is `N passed, N failed`.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { projectNode, root, run, say } from './workspace.mjs'

/** @typedef {{ readonly file: string, readonly names: readonly string[], readonly reasons: readonly string[] }} Repeat */
/** @typedef {{ passed: number, failed: number, failures: readonly string[], skipped: number, repeats: readonly Repeat[] }} Counted */
/** @typedef {{ readonly counted: readonly Counted[], readonly code: number }} Ended */

/** More of them are no accident of the machine, and repeating each alone would take an hour. */
const REPEATED_MAX = 100

/**
 * Runs all parts one after another, whatever happens, and prints the line for them together. Each gets the environment
 * that makes it hand over its numbers.
 * @param {readonly ((env: NodeJS.ProcessEnv) => Promise<number>)[]} parts
 * @param {{ folder?: string }} [options] where the suites are
 * @returns {Promise<number>} the exit code
 */
export async function runAll(parts, { folder = root } = {}) {
  const tallyFolder = mkdtempSync(join(tmpdir(), 'holdfast-tally-'))
  const sum = new Sum()
  try {
    /** @type {Repeat[]} */
    const repeats = []
    for (const part of parts) {
      const { counted, code } = await ended(part, join(tallyFolder, 'tally'))
      sum.add(counted, code)
      for (const each of counted) repeats.push(...each.repeats)
    }
    await repeat(repeats, sum, (args) => ended((env) => vitest(args, folder, env), join(tallyFolder, 'tally')))
  } finally {
    rmSync(tallyFolder, { recursive: true })
  }
  return sum.close()
}

/**
 * Vitest over the suites in a folder.
 * @param {readonly string[]} args
 * @param {string} folder
 * @param {NodeJS.ProcessEnv} env
 */
export function vitest(args, folder, env) {
  return run(projectNode(), [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', ...args], { cwd: folder, env })
}

/**
 * One file at a time, in one process, and nothing beside it.
 * @param {readonly Repeat[]} repeats
 * @param {Sum} sum
 * @param {(args: readonly string[]) => Promise<Ended>} again
 */
async function repeat(repeats, sum, again) {
  const count = repeats.reduce((total, { reasons }) => total + reasons.length, 0)
  if (count > REPEATED_MAX) {
    for (const { reasons } of repeats) sum.fail(...reasons)
    say(`${count} tests failed on a starved machine; not more than ${REPEATED_MAX} are repeated, so none was`)
    return
  }
  for (const { file, names, reasons } of repeats) {
    say(`repeating alone what failed on a starved machine: ${file}`)
    const chosen = names.length === 0 ? [] : ['-t', `^(?:${names.map(escaped).join('|')})$`]
    const { counted, code } = await again([file, ...chosen, '--maxWorkers=1', '--no-file-parallelism'])
    for (const reason of reasons) sum.repeated.push(`${file}: ${reason}`)
    const ran = counted.reduce((total, each) => total + each.passed + each.failed + each.skipped, 0)
    const failedAgain = counted.flatMap((each) => each.repeats.flatMap((once) => once.reasons))
    sum.add(counted, code)
    sum.fail(...failedAgain)
    const found = ran + failedAgain.length
    if (found < names.length) sum.fail(`${file} — the repeat found only ${found} of ${names.length} tests`)
  }
}

/** @param {string} name */
function escaped(name) {
  return name.replaceAll(/[$()*+.?[\\\]^{|}/-]/g, '\\$&')
}

class Sum {
  passed = 0
  skipped = 0
  /** @type {string[]} */
  failures = []
  /** @type {string[]} */
  repeated = []

  /**
   * A part that ends without its numbers has failed, and so has one that ends badly without naming a failure.
   * @param {readonly Counted[]} counted
   * @param {number} code
   */
  add(counted, code) {
    const isExplained = counted.some(({ failed, repeats }) => failed + repeats.length > 0)
    for (const { passed, failures, skipped } of counted) {
      this.passed += passed
      this.skipped += skipped
      this.failures.push(...failures)
    }
    if (counted.length === 0) this.fail(`a part of the run ended with ${code} and without its numbers`)
    else if (code !== 0 && !isExplained) this.fail(`a part of the run ended with ${code}, though nothing in it failed`)
  }

  /** @param {readonly string[]} failures */
  fail(...failures) {
    this.failures.push(...failures)
  }

  close() {
    for (const line of this.repeated) say(`repeated: ${line}`)
    for (const line of this.failures) say(`failed: ${line}`)
    const skipped = this.skipped === 0 ? '' : `, ${this.skipped} skipped`
    say(`${this.passed} passed, ${this.failures.length} failed${skipped}`)
    return this.failures.length === 0 ? 0 : 1
  }
}

/**
 * @param {(env: NodeJS.ProcessEnv) => Promise<number>} part
 * @param {string} file
 * @returns {Promise<Ended>}
 */
async function ended(part, file) {
  rmSync(file, { force: true })
  const code = await part({ ...process.env, HOLDFAST_TALLY: file })
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : []
  return { counted: lines.map((line) => JSON.parse(line)), code }
}
