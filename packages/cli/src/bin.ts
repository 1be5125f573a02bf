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
// Set, not called: what was written to a pipe must reach it before the process ends.
process.exitCode = await main({
  args: process.argv.slice(2),
  environment: process.env,
  streams: { stdin, stdout, stderr },
})
