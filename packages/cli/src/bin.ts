/** The `holdfast` program, behind start.ts, which looks at the Node version first. */
import { main } from './main.ts'

// Node's warnings (an experimental module, say) are for programmers and would spoil --json.
process.removeAllListeners('warning')

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // The reader had enough: `holdfast ls | head`.
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

const { stdin, stdout, stderr } = process
/** What a hung store left open is given so long to end, after the last output went out. */
const LEFTOVERS_MS = 1_000

// Not awaited: as a single program this is a CommonJS module.
void main({ args: process.argv.slice(2), environment: process.env, streams: { stdin, stdout, stderr } }).then(
  (code) => {
    // Set, not called: what was written to a pipe must reach it before the process ends.
    process.exitCode = code
    stdout.write('', () => void setTimeout(() => process.exit(), LEFTOVERS_MS).unref())
  },
)
