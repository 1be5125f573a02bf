/** `npm run bench`: runs the suites one after another and prints what they measured beside their targets. */
import { availableParallelism, cpus } from 'node:os'
import { type Figure, isMet, type Suite } from './figure.ts'
import { helpText, parseOptions, UsageError } from './options.ts'
import { tableOf } from './printer.ts'
import { suites } from './suites.ts'

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2), suites)
  if (options.help) {
    process.stdout.write(helpText(suites))
    return
  }
  const machine = `Node ${process.versions.node}, ${availableParallelism()} cores (${cpus()[0]?.model ?? 'unknown'})`
  if (!options.json) process.stdout.write(`${machine}\n\n`)
  const measured: { readonly suite: Suite; readonly figures: readonly Figure[] }[] = []
  for (const suite of options.suites) {
    const figures = await suite.run(options)
    measured.push({ suite, figures })
    if (!options.json) process.stdout.write(`${tableOf(suite, figures)}\n`)
  }
  if (!options.json) return
  const report = measured.map(({ suite: { name, about }, figures }) => ({
    name,
    about,
    figures: figures.map((figure) => ({ ...figure, met: isMet(figure) })),
  }))
  process.stdout.write(`${JSON.stringify({ machine, seconds: options.seconds, suites: report }, null, 2)}\n`)
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
