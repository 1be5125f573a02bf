/** `npm run model -- [--deep] [--only RULE] [--states N] [--seconds N]`: explores, prints the table, and a trace of every violation. */
import { readCommandLine, UsageError } from '@holdfast/testbed/command-line'
import { type Case, cases, deepCases, heading, isExpected, rowOf } from './cases.ts'
import { type Exploration, explore } from './explorer.ts'
import { traceOf } from './trace.ts'

const HELP = `npm run model -- [--deep] [--only RULE] [--states N] [--seconds N]

  --deep       larger bounds, which take minutes or have no end that anybody would wait for
  --only RULE  only the rules whose name contains this
  --states N   stop each search after so many states (30000000; each takes about 25 bytes, and up to 100 while it waits)
  --seconds N  stop each search after this long (900)`

const STATES_MAX_DEFAULT = 30_000_000
const SECONDS_DEFAULT = 900

function limitOf(name: string, text: string): number {
  const limit = Number(text)
  if (limit > 0) return limit
  throw new UsageError(`--${name} must be a number above 0, not "${text}"`)
}

function main(): number {
  const kinds = { deep: 'flag', only: 'text', states: 'text', seconds: 'text' } as const
  const { values, isHelpAsked } = readCommandLine(process.argv.slice(2), kinds)
  if (isHelpAsked) {
    console.log(HELP)
    return 0
  }
  const limits = {
    states: limitOf('states', values.states ?? String(STATES_MAX_DEFAULT)),
    seconds: limitOf('seconds', values.seconds ?? String(SECONDS_DEFAULT)),
  }
  const only = values.only ?? ''
  const chosen = (values.deep === true ? deepCases : cases).filter(({ rule }) => rule.name.includes(only))
  if (chosen.length === 0) {
    const names = new Set(cases.map(({ rule }) => rule.name))
    throw new UsageError(`no rule is named "${only}"; there are: ${[...names].join(', ')}`)
  }
  const found: { readonly each: Case; readonly exploration: Exploration }[] = []
  for (const line of heading) console.log(line)
  for (const each of chosen) {
    const exploration = explore(each.rule, each.bounds, limits)
    found.push({ each, exploration })
    console.log(rowOf(each, exploration))
  }
  for (const { each, exploration } of found) {
    if (exploration.violation === undefined) continue
    console.log(`\n${each.rule.name}:`)
    traceOf(each.rule, each.bounds, exploration.violation).forEach((line, index) =>
      console.log(`  ${index + 1}. ${line}`),
    )
  }
  const seconds = found.reduce((sum, { exploration }) => sum + exploration.seconds, 0)
  const surprises = found.filter(({ each, exploration }) => !isExpected(each, exploration))
  console.log(
    `\n${found.length} searches in ${seconds.toFixed(1)} s, ${surprises.length} came out otherwise than expected`,
  )
  for (const { each } of surprises) console.log(`  ${each.rule.name}: expected ${each.breaks ?? 'no violation'}`)
  return surprises.length > 0 ? 1 : 0
}

try {
  process.exitCode = main()
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  console.error(error.message)
  process.exitCode = 2
}
