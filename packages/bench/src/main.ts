/** `npm run bench`: runs the suites one after another and prints what they measured beside their targets. */
import { availableParallelism, cpus } from 'node:os'
import { EngineNotAvailable } from '@holdfast/testbed/engines'
import { type Figure, isMet, type Settings, type Suite, SuiteSkipped } from './figure.ts'
import { markdownOf } from './markdown.ts'
import { UsageError } from '@holdfast/testbed/command-line'
import { helpText, parseOptions } from './options.ts'
import { tableOf as textOf } from './printer.ts'
import { suites } from './suites.ts'

interface Measured {
  readonly suite: Suite
  readonly figures: readonly Figure[]
  /** Why it was not measured. */
  readonly skipped?: string
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2), suites)
  if (options.help) {
    process.stdout.write(helpText(suites))
    return
  }
  const machine = `Node ${process.versions.node}, ${availableParallelism()} cores (${cpus()[0]?.model ?? 'unknown'})`
  const say = (text: string): void => void (options.json || process.stdout.write(`${text}\n`))
  const tableOf = options.markdown ? markdownOf : textOf
  say(`${machine}\n`)
  const all: Measured[] = []
  for (const suite of options.suites) {
    const measured = await measure(suite, options)
    all.push(measured)
    say(
      measured.skipped === undefined
        ? tableOf(suite, measured.figures)
        : `${suite.name}: skipped, ${measured.skipped}\n`,
    )
  }
  if (options.json) process.stdout.write(`${JSON.stringify(reportOf(machine, options.seconds, all), null, 2)}\n`)
}

/** What cannot be had is no failure of the other suites. */
async function measure(suite: Suite, settings: Settings): Promise<Measured> {
  try {
    return { suite, figures: await suite.run(settings) }
  } catch (error) {
    if (!(error instanceof SuiteSkipped || error instanceof EngineNotAvailable)) throw error
    return { suite, figures: [], skipped: error.message }
  }
}

function reportOf(machine: string, seconds: number, all: readonly Measured[]): object {
  const suites = all.map(({ suite: { name, about }, figures, skipped }) => ({
    name,
    about,
    ...(skipped !== undefined && { skipped }),
    figures: figures.map((figure) => ({ ...figure, met: isMet(figure) })),
  }))
  return { machine, seconds, suites }
}

// What was started or made is ended and deleted when this process exits, which a signal alone would not make it do.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130))

try {
  await main()
} catch (error) {
  const isUsage = error instanceof UsageError
  process.stderr.write(`${isUsage ? error.message : error instanceof Error ? error.stack : String(error)}\n`)
  process.exitCode = isUsage ? 2 : 1
}
