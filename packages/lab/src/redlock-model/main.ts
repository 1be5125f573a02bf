/** `npm run model -- [--deep] [--only RULE] [--states N] [--seconds N]`: explores, prints the table, and a trace of every violation. */
import { parseArgs } from 'node:util'
import { type Case, cases, deepCases, heading, isExpected, rowOf } from './cases.ts'
import { type Exploration, explore } from './explorer.ts'
import { traceOf } from './trace.ts'

const HELP = `npm run model -- [--deep] [--only RULE] [--states N] [--seconds N]

  --deep       larger bounds, which take minutes or have no end that anybody would wait for
  --only RULE  only the rules whose name contains this
  --states N   stop each search after so many states (30000000; each takes about 25 bytes, and up to 100 while it waits)
  --seconds N  stop each search after this long (900)`

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', default: false },
    deep: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    states: { type: 'string', default: '30000000' },
    seconds: { type: 'string', default: '900' },
  },
})

function limitOf(name: 'states' | 'seconds'): number {
  const limit = Number(values[name])
  if (limit > 0) return limit
  console.error(`--${name} must be a number above 0, not "${values[name]}"`)
  process.exit(2)
}

function main(): number {
  const limits = { states: limitOf('states'), seconds: limitOf('seconds') }
  const chosen = (values.deep ? deepCases : cases).filter(({ rule }) => rule.name.includes(values.only))
  if (chosen.length === 0) {
    console.error(
      `no rule is named "${values.only}"; there are: ${[...new Set(cases.map(({ rule }) => rule.name))].join(', ')}`,
    )
    return 2
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

if (values.help) console.log(HELP)
else process.exitCode = main()
