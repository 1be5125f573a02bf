/** The command line of the demo. */
import { fileURLToPath } from 'node:url'
import { readCommandLine, UsageError, wholeNumber } from '@holdfast/testbed/command-line'

export interface DemoOptions {
  readonly help: boolean
  readonly json: boolean
  readonly out: string
  readonly buyers: number
  readonly processes: number
}

const kinds = { json: 'flag', out: 'text', buyers: 'text', processes: 'text' } as const
const BUYERS = { default: 47, min: 4, max: 200 }
const PROCESSES = { default: 6, min: 2, max: 16 }
const OUT_DEFAULT = fileURLToPath(new URL('../demo-out/timeline.html', import.meta.url))

export const helpText: string = `Usage: npm run demo [-- options]

${BUYERS.default} buyers in ${PROCESSES.default} real processes want the one seat 14A. Three acts: without a lock; with a lock, whose holder
is stopped at the worst moment; and with a fence in the database. Takes about ten seconds, longer on a busy
machine, and needs nothing but Node.

  --out FILE       where to write the timeline, one HTML page; the history goes beside it as .ndjson
                   (default: examples/seat-14a/demo-out/timeline.html)
  --json           a summary for programs on standard output; the story goes to standard error
  --buyers N       ${BUYERS.min} to ${BUYERS.max} (default ${BUYERS.default})
  --processes N    ${PROCESSES.min} to ${PROCESSES.max} (default ${PROCESSES.default})
  --help           this text

Exit code: 0 when all three acts showed what they claim, 1 when one did not, 2 when the demo cannot be run like this.
`

export function parseOptions(argv: readonly string[]): DemoOptions {
  const { values, isHelpAsked, words } = readCommandLine(argv, kinds)
  if (words.length > 0) throw new UsageError(`the demo takes no words: ${words.join(' ')}`)
  return {
    help: isHelpAsked,
    json: values.json ?? false,
    out: values.out ?? OUT_DEFAULT,
    buyers: whole('--buyers', values.buyers, BUYERS),
    processes: whole('--processes', values.processes, PROCESSES),
  }
}

function whole(name: string, text: string | undefined, limits: { default: number; min: number; max: number }): number {
  return text === undefined ? limits.default : wholeNumber(name, text, limits)
}
