/** `npm run simulate -- --seed N | --seeds N [--from N] [--seconds N] [--bail]`: runs seeds, prints figures, and for a failing one the command that repeats it. */
import { readCommandLine } from '@holdfast/testbed/command-line'
import { type Run, simulate } from './run.ts'
import { type Violation, properties } from '../judge/violation.ts'

const HELP = `npm run simulate -- [--seeds N] [--from N] [--seed N] [--seconds N] [--bail] [--history]

  --seeds N    how many seeds to run (200)
  --from N     the first of them (1)
  --seed N     this one only, with its report
  --seconds N  stop after this long
  --bail       stop at the first violation
  --history    print every event as a line of JSON`

const { values, isHelpAsked } = readCommandLine(process.argv.slice(2), {
  seed: 'text',
  seeds: 'text',
  from: 'text',
  seconds: 'text',
  history: 'flag',
  bail: 'flag',
})

if (isHelpAsked) {
  console.log(HELP)
  process.exit(0)
}

const SHOWN_VIOLATIONS = 12

function shown({ property, p, k, atNs, text }: Violation): string {
  return `  ${property}  ${(atNs / 1e6).toFixed(3)} ms  ${p} ${k}: ${text}\n     (${properties[property]})`
}

function report(run: Run): void {
  const { violations } = run.verdict
  console.log(`seed ${run.seed} (${run.parameters}): ${violations.length} violations`)
  for (const violation of violations.slice(0, SHOWN_VIOLATIONS)) console.log(shown(violation))
  if (violations.length > SHOWN_VIOLATIONS) console.log(`  … and ${violations.length - SHOWN_VIOLATIONS} more`)
}

const first = Number(values.seed ?? values.from ?? 1)
const count = values.seed === undefined ? Number(values.seeds ?? 200) : 1
const stopAtMs = performance.now() + Number(values.seconds ?? 3600) * 1000
const total = { seeds: 0, simulatedMs: 0, grants: 0, commits: 0, refusals: 0, events: 0, violations: 0 }
const failing: number[] = []
const startMs = performance.now()

for (let seed = first; seed < first + count && performance.now() < stopAtMs; seed += 1) {
  const run = await simulate(seed)
  total.seeds += 1
  total.simulatedMs += run.simulatedMs
  total.grants += run.verdict.grants
  total.commits += run.verdict.commits
  total.refusals += run.verdict.refusals
  total.events += run.events
  total.violations += run.verdict.violations.length
  if (values.history) for (const event of run.history) console.log(JSON.stringify(event))
  if (run.verdict.violations.length > 0) failing.push(seed)
  if (run.verdict.violations.length > 0 || values.seed !== undefined) report(run)
  if (values.bail && failing.length > 0) break
}

const seconds = (performance.now() - startMs) / 1000
console.log(
  `${total.seeds} seeds, ${(total.simulatedMs / 3_600_000).toFixed(2)} simulated hours, ${total.grants} grants, ` +
    `${total.commits} guarded commits, ${total.refusals} stale tokens refused, ${total.events} events in ` +
    `${seconds.toFixed(1)} s (${Math.round(total.events / seconds)} per second), ${total.violations} violations`,
)
for (const seed of failing) console.log(`to repeat: npm run simulate -- --seed ${seed}`)
process.exitCode = failing.length > 0 ? 1 : 0
