/**
 * `npm run mutants -- [--seed N] [part of a name …]`: applies every mutant to a copy of the sources and expects its check
 * to turn red. A survivor fails, because then a rule can be deleted without anybody noticing. Random checks take the same
 * way each time; another seed tells whether they found a mutant by luck.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { mutants as all } from './all.ts'
import { EngineNotAvailable } from '@holdfast/testbed/engines/engine'
import * as redisServer from '@holdfast/testbed/engines/redis/server'
import { close } from '../support/closing-line.ts'
import type { Check, Mutant, Seeds } from './mutant.ts'
import { damaged, Sandbox } from './sandbox.ts'

/** Two cores, and two halves of the checks. */
const PARALLEL = 2
/** Of what a red check of the undamaged sources printed. */
const SHOWN_LINES = 60

/** All checks together, on a machine that is busy. */
const GREEN_MS_MAX = 300_000

const repository = join(import.meta.dirname, '..', '..')
const { values, positionals: wanted } = parseArgs({
  options: { seed: { type: 'string', default: '1' } },
  allowPositionals: true,
})
const seed = Number(values.seed)
if (!Number.isInteger(seed)) throw new Error(`--seed must be a whole number, not ${values.seed}`)
const chosen = all.filter(({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)))
const engines = { redis: redisServer } as const
const missing = await missingEngines()
const mutants = chosen.filter(({ caughtBy }) => !missing.has(engineOf(caughtBy)))

/** Why each is missing. A laptop goes on without it; where CI is set it must be there, or much would go unproved. */
async function missingEngines(): Promise<ReadonlyMap<string, string>> {
  const missing = new Map<string, string>()
  for (const [name, engine] of Object.entries(engines)) {
    if (!chosen.some(({ caughtBy }) => engineOf(caughtBy) === name)) continue
    try {
      await engine.locate()
    } catch (error) {
      if (!(error instanceof EngineNotAvailable) || process.env['CI'] === 'true') throw error
      missing.set(name, error.message)
    }
  }
  return missing
}

function engineOf(check: Check): string {
  return 'engine' in check ? check.engine : ''
}

/** Each mutant must fit before any time is spent. */
async function fits(): Promise<boolean> {
  let all = true
  for (const mutant of mutants) {
    try {
      damaged(mutant, await readFile(join(repository, mutant.file), 'utf8'))
    } catch (error) {
      all = false
      console.log(error instanceof Error ? error.message : String(error))
    }
  }
  return all
}

/** The checks must be green before the damage, or their red proves nothing. */
async function areGreen(sandboxes: readonly Sandbox[]): Promise<boolean> {
  const checks = mutants.map((mutant) => mutant.caughtBy)
  const halves = [together(checks), joined(checks)]
  const outcomes = await Promise.all(
    sandboxes.map((sandbox, index) => sandbox.check(halves[index] ?? [], GREEN_MS_MAX)),
  )
  for (const outcome of outcomes) {
    if (!outcome.red) continue
    const lines = outcome.output.split('\n').filter((line) => !/^[·x-]*$/.test(line))
    console.log(lines.slice(-SHOWN_LINES).join('\n'))
    console.log('the checks are red before any damage, so they prove nothing')
    return false
  }
  return true
}

/** All tests in two runs: whole files, and tests by their names. */
function together(checks: readonly Check[]): Check[] {
  const byTests = checks.filter((check) => 'tests' in check)
  const named = byTests.filter((check) => check.named !== undefined)
  const [first, ...rest] = named.flatMap(({ tests }) => tests)
  const names = [...new Set(named.map((check) => check.named))]
  return [
    ...byTests.filter((check) => check.named === undefined),
    ...(first === undefined ? [] : [{ tests: [first, ...rest], named: names.join('|') } as const]),
  ]
}

/** All spans of seeds as few: most of them begin at the same seed. */
function joined(checks: readonly Check[]): Check[] {
  const longest = new Map<number, Seeds>()
  for (const check of checks) {
    if (!('seeds' in check)) continue
    const { from, count } = check.seeds
    longest.set(from, { from, count: Math.max(count, longest.get(from)?.count ?? 0) })
  }
  const spans = [...longest.values()].toSorted((a, b) => a.from - b.from)
  const first = spans[0]
  return spans
    .filter((span) => span === first || first === undefined || span.from + span.count > first.from + first.count)
    .map((span) => ({ seeds: span }))
}

/** Those that nobody noticed, or nothing when it could not be tried. */
async function survivorsOf(): Promise<readonly Mutant[] | undefined> {
  if (!(await fits())) return undefined
  const sandboxes = await Promise.all(Array.from({ length: PARALLEL }, () => Sandbox.make(repository, seed)))
  try {
    if (!(await areGreen(sandboxes))) return undefined
    const queue = [...mutants]
    const survivors: Mutant[] = []
    await Promise.all(
      sandboxes.map(async (sandbox) => {
        for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
          const { red, seconds } = await sandbox.try(mutant)
          if (!red) survivors.push(mutant)
          console.log(`${red ? 'caught  ' : 'SURVIVED'}  ${seconds.toFixed(1).padStart(5)} s  ${mutant.name}`)
        }
      }),
    )
    return survivors
  } finally {
    await Promise.all(sandboxes.map((sandbox) => sandbox.remove()))
  }
}

const skipped = chosen
  .filter((mutant) => !mutants.includes(mutant))
  .map(({ name, caughtBy }) => `${name} — ${missing.get(engineOf(caughtBy)) ?? ''}`)
const survivors = await survivorsOf()
const failures = survivors?.map(
  ({ name, file }) => `the mutant "${name}" in ${file} survived: a check is missing or too weak`,
) ?? ['the mutants could not be tried, see above']
const caught = survivors === undefined ? 0 : mutants.length - survivors.length
console.log(`${caught} caught, ${survivors?.length ?? 'nobody knows how many'} survived`)
close({ passed: caught, failed: failures.length, failures, skipped })
process.exitCode = failures.length === 0 ? 0 : 1
