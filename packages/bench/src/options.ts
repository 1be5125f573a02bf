/** The command line of the benchmarks. */
import { readCommandLine, UsageError, wholeNumber } from '@holdfast/testbed/command-line'
import type { Suite } from './figure.ts'

export interface BenchOptions {
  readonly help: boolean
  readonly json: boolean
  readonly markdown: boolean
  readonly seconds: number
  readonly quick: boolean
  readonly suites: readonly Suite[]
}

const SECONDS = { default: 6, min: 1, max: 600 }
const kinds = { json: 'flag', markdown: 'flag', quick: 'flag', seconds: 'text' } as const

export function helpText(suites: readonly Suite[]): string {
  const width = Math.max(...suites.map(({ name }) => name.length))
  return `Usage: npm run bench -- [suite or group…] [options]

Measures on this machine, now. Trust ratios, not absolute figures, and no ratio that lies within the noise beside it:
the reference program against itself, in the same run.

Suites (default: all of them):
${suites.map(({ name, about }) => `  ${name.padEnd(width)}  ${about}`).join('\n')}

Groups: ${groupsOf(suites).join(', ')}. A server that a suite needs is started for it, and stopped.

  --seconds N  how long each measurement lasts, ${SECONDS.min} to ${SECONDS.max} (default ${SECONDS.default})
  --quick      a hundredth of the sizes and one round of each: shows that everything runs, its figures mean nothing
  --json       the figures for programs
  --markdown   the figures as tables for a document
  --help       this text

Exit code: 0 when everything was measured, whether targets were met or not; 2 for a wrong command line.
`
}

export function parseOptions(argv: readonly string[], suites: readonly Suite[]): BenchOptions {
  const { values, isHelpAsked, words } = readCommandLine(argv, kinds)
  const chosen = words.flatMap((name) => {
    const found = suites.filter((candidate) => candidate.name === name || candidate.group === name)
    if (found.length > 0) return found
    const names = [...suites.map((each) => each.name), ...groupsOf(suites)]
    throw new UsageError(`there is no suite or group ${JSON.stringify(name)}; there are ${names.join(', ')}`)
  })
  return {
    help: isHelpAsked,
    json: values.json ?? false,
    markdown: values.markdown ?? false,
    quick: values.quick ?? false,
    seconds: values.seconds === undefined ? SECONDS.default : wholeNumber('--seconds', values.seconds, SECONDS),
    suites: chosen.length === 0 ? suites : [...new Set(chosen)],
  }
}

function groupsOf(suites: readonly Suite[]): readonly string[] {
  return [...new Set(suites.flatMap(({ group }) => group ?? []))]
}
