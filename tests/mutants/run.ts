/**
 * `npm run mutants -- [--seed N] [part of a name …]`: applies every mutant to a copy of the sources and expects its check
 * to turn red. A survivor fails, because then a rule can be deleted and every test stays green. Random checks take the same
 * way each time; another seed tells whether they found a mutant by luck.
 */
import { readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { mutants as all } from './all.ts'
import { UsageError } from '@holdfast/testbed/command-line'
import { EngineNotAvailable } from '@holdfast/testbed/engines/engine'
import * as dynamodbServer from '@holdfast/testbed/engines/dynamodb/server'
import * as mariadbServer from '@holdfast/testbed/engines/mariadb/server'
import * as etcdServer from '@holdfast/testbed/engines/etcd/server'
import * as natsServer from '@holdfast/testbed/engines/nats/server'
import * as postgresServer from '@holdfast/testbed/engines/postgres/server'
import * as redisServer from '@holdfast/testbed/engines/redis/server'
import * as zookeeperServer from '@holdfast/testbed/engines/zookeeper/server'
import { patient } from '@holdfast/testbed/watchdog/pace'
import { Watchdog } from '@holdfast/testbed/watchdog/watchdog'
import { close } from '../support/closing-line.ts'
import { HELP, type MutantChoice, readChoice } from './command-line.ts'
import type { Check, Mutant } from './mutant.ts'
import { damaged, type Outcome, Sandbox } from './sandbox.ts'

/** A sandbox waits half of its time, for servers and for what a damaged program never does. */
const SANDBOXES = Math.min(6, 2 * availableParallelism())
/** Of what a red check of the undamaged sources printed. */
const SHOWN_LINES = 60
const SLOWEST = 20

/** For the checks of one file, undamaged. */
const GREEN_MS_MAX = 300_000
/** A check that takes so many times longer than before the damage hangs, and a mutant that makes it hang is noticed. */
const HANGS_AFTER = 5
const HANG_MS_MIN = 30_000

const repository = join(import.meta.dirname, '..', '..')
const { seed, isChosen } = asked()
const chosen = all.filter(({ name }) => isChosen(name))
const engines = {
  dynamodb: dynamodbServer,
  etcd: etcdServer,
  mariadb: mariadbServer,
  nats: natsServer,
  postgres: postgresServer,
  redis: redisServer,
  zookeeper: zookeeperServer,
} as const
const missing = await missingEngines()
const mutants = chosen.filter(({ caughtBy }) => !missing.has(engineOf(caughtBy)))

/** Does not return when there is nothing to do but to say something. */
function asked(): MutantChoice {
  try {
    const choice = readChoice(process.argv.slice(2))
    if (!choice.isHelpAsked) return choice
    console.log(HELP)
    process.exit(0)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    console.error(error.message)
    process.exit(2)
  }
}

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

/** What the checks of a file do before any damage. */
interface Green {
  readonly check: Check
  readonly outcome: Outcome
}

const keyOf = (check: Check): string => ('seeds' in check ? JSON.stringify(check.seeds) : check.tests.join(' '))

/** The checks must be green before the damage, or their red proves nothing. */
async function green(sandboxes: readonly Sandbox[]): Promise<ReadonlyMap<string, Green> | undefined> {
  const found = new Map<string, Green>()
  const complaints: string[] = []
  await shared(sandboxes, together(mutants.map(({ caughtBy }) => caughtBy)), async (sandbox, check) => {
    const outcome = await patiently(() => sandbox.check(check, patient(GREEN_MS_MAX)))
    found.set(keyOf(check), { check, outcome })
    console.log(
      `${outcome.isRed ? 'RED     ' : 'green   '}  ${outcome.seconds.toFixed(1).padStart(5)} s  ${keyOf(check)}`,
    )
    if (outcome.isRed) complaints.push(...lastLines(outcome.output), `${keyOf(check)} is red before any damage`)
  })
  for (const { name, caughtBy } of mutants) {
    if (!('tests' in caughtBy)) continue
    const { passed = [] } = found.get(keyOf(caughtBy))?.outcome ?? {}
    const named = new RegExp(caughtBy.named ?? '')
    if (!passed.some((each) => named.test(each)))
      complaints.push(`no test that passes is meant by the mutant "${name}"`)
  }
  for (const line of complaints) console.log(line)
  if (complaints.length === 0) return found
  console.log('the checks are red before any damage, so they prove nothing')
  return undefined
}

function lastLines(output: string): readonly string[] {
  const lines = output.split('\n').filter((line) => !/^[·x-]*$/.test(line))
  return lines.slice(-SHOWN_LINES)
}

/** One check for those of the same files, with all their names; seeds as they are. */
function together(checks: readonly Check[]): readonly Check[] {
  const byFiles = new Map<string, Check>()
  for (const check of checks) {
    const other = byFiles.get(keyOf(check))
    if (other === undefined || 'seeds' in check || 'seeds' in other) {
      byFiles.set(keyOf(check), check)
      continue
    }
    const names = new Set([other, check].flatMap(({ named }) => (named === undefined ? [] : named.split('|'))))
    const isAll = other.named === undefined || check.named === undefined
    byFiles.set(keyOf(check), isAll ? { tests: check.tests } : { tests: check.tests, named: [...names].join('|') })
  }
  return [...byFiles.values()]
}

/** A red that a busy machine may be to blame for counts when it comes twice. */
async function patiently(check: () => Promise<Outcome>): Promise<Outcome> {
  const startMs = Date.now()
  const outcome = await check()
  if (!outcome.isRed || !outcome.isOfTime || watchdog.starvation(startMs, Date.now()) === undefined) return outcome
  const again = await check()
  return { ...again, seconds: outcome.seconds + again.seconds }
}

/** Each sandbox takes the next piece of work as soon as it is free. */
async function shared<T>(
  sandboxes: readonly Sandbox[],
  work: readonly T[],
  doOne: (sandbox: Sandbox, piece: T) => Promise<void>,
): Promise<void> {
  const queue = [...work]
  await Promise.all(
    sandboxes.map(async (sandbox) => {
      for (let piece = queue.shift(); piece !== undefined; piece = queue.shift()) await doOne(sandbox, piece)
    }),
  )
}

/** The mutants that no check caught, or undefined when they could not be tried. */
async function survivorsOf(): Promise<readonly Mutant[] | undefined> {
  if (!(await fits())) return undefined
  const sandboxes = await Promise.all(Array.from({ length: SANDBOXES }, () => Sandbox.make(repository, seed)))
  try {
    const before = await green(sandboxes)
    if (before === undefined) return undefined
    const survivors: Mutant[] = []
    const times: { readonly seconds: number; readonly name: string }[] = []
    await shared(sandboxes, mutants, async (sandbox, mutant) => {
      const usualMs = (before.get(keyOf(mutant.caughtBy))?.outcome.seconds ?? 0) * 1000
      const limitMs = Math.max(HANG_MS_MIN, HANGS_AFTER * usualMs)
      const { isRed, seconds, failed } = await patiently(() => sandbox.try(mutant, patient(limitMs)))
      if (!isRed) survivors.push(mutant)
      times.push({ seconds, name: mutant.name })
      const by = failed.length === 0 ? '' : ` (${failed.join('; ')})`
      console.log(`${isRed ? 'caught  ' : 'SURVIVED'}  ${seconds.toFixed(1).padStart(5)} s  ${mutant.name}${by}`)
    })
    for (const { seconds, name } of times.toSorted((a, b) => b.seconds - a.seconds).slice(0, SLOWEST))
      console.log(`slowest: ${seconds.toFixed(1).padStart(5)} s  ${name}`)
    return survivors
  } finally {
    await Promise.all(sandboxes.map((sandbox) => sandbox.remove()))
  }
}

const skipped = chosen
  .filter((mutant) => !mutants.includes(mutant))
  .map(({ name, caughtBy }) => `${name} — ${missing.get(engineOf(caughtBy)) ?? ''}`)
const watchdog = Watchdog.start()
const startedMs = performance.now()
const survivors = await survivorsOf()
await watchdog.close()
const failures = survivors?.map(
  ({ name, file }) => `the mutant "${name}" in ${file} survived: a check is missing or too weak`,
) ?? ['the mutants could not be tried, see above']
const caught = survivors === undefined ? 0 : mutants.length - survivors.length
const seconds = ((performance.now() - startedMs) / 1000).toFixed(0)
console.log(`${caught} caught in ${seconds} s, ${survivors?.length ?? 'nobody knows how many'} survived`)
close({ passed: caught, failed: failures.length, failures, skipped })
process.exitCode = failures.length === 0 ? 0 : 1
