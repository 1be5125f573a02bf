/** The command line of the benchmarks. */
import { parseArgs } from 'node:util'
import type { Suite } from './figure.ts'

export interface BenchOptions {
  readonly help: boolean
  readonly json: boolean
  readonly seconds: number
  readonly suites: readonly Suite[]
}

/** What is wrong with the command line, in words for the person who typed it. */
export class UsageError extends Error {}

const SECONDS = { default: 6, min: 1, max: 600 }

export function helpText(suites: readonly Suite[]): string {
  const width = Math.max(...suites.map(({ name }) => name.length))
  return `Usage: npm run bench -- [suite…] [options]

Measures on this machine, now. Trust ratios, not absolute figures, and no ratio that lies within the noise beside it:
the reference program against itself, in the same run.

Suites (default: all of them):
${suites.map(({ name, about }) => `  ${name.padEnd(width)}  ${about}`).join('\n')}

  --seconds N  how long each measurement lasts, ${SECONDS.min} to ${SECONDS.max} (default ${SECONDS.default})
  --json       the figures for programs
  --help       this text

Exit code: 0 when everything was measured, whether targets were met or not; 2 for a wrong command line.
`
}

export function parseOptions(argv: readonly string[], suites: readonly Suite[]): BenchOptions {
  const { values, positionals } = parsed(argv)
  const chosen = positionals.map((name) => {
    const suite = suites.find((candidate) => candidate.name === name)
    if (suite !== undefined) return suite
    throw new UsageError(
      `there is no suite ${JSON.stringify(name)}; there are ${suites.map((each) => each.name).join(', ')}`,
    )
  })
  return {
    help: values.help ?? false,
    json: values.json ?? false,
    seconds: secondsOf(values.seconds),
    suites: chosen.length === 0 ? suites : chosen,
  }
}

function parsed(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h' },
        json: { type: 'boolean' },
        seconds: { type: 'string' },
      },
    })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

function secondsOf(text: string | undefined): number {
  if (text === undefined) return SECONDS.default
  const value = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN
  if (value >= SECONDS.min && value <= SECONDS.max) return value
  throw new UsageError(
    `--seconds must be a whole number from ${SECONDS.min} to ${SECONDS.max}, got ${JSON.stringify(text)}`,
  )
}
