/** `hold` as people type it. */
import type { Command } from 'commander'
import { addGrantOptions } from './grant-syntax.ts'
import type { HoldCommandOptions } from './hold.ts'
import { act, type ProgramOptions } from './subcommand.ts'

export function addHold(root: Command, program: ProgramOptions): void {
  const hold = root
    .command('hold')
    .summary('hold a lock for the script that started it, until that ends or sends TERM')
    .description(
      'Waits for the lock, prints its token and its sequencer in one line, and holds it until TERM, the end of the script that started it, or the end of a pipe at stdin. Nothing stops the script when the lock is lost: where one command does the work, run is safer.',
    )
    .usage('[options] NAME')
    .addHelpText('after', () => help)
  addGrantOptions(hold)
  hold
    .option(
      '--stop-before <duration>',
      'count as lost so long before the lease ends (default: 2s, at most a third of the ttl)',
    )
    .option('--ready-file <path>', 'write the line into this file too, when the lock is held and for as long')
  act(program, hold, async (options, name) =>
    (await import('./hold.ts')).holdCommand(program.context, name, options as HoldCommandOptions),
  )
}

const help = `
Exit codes: 0 it was given back, 75 it was not obtained, 76 it was lost.

Examples, the first in a script:
  mkfifo held
  holdfast hold nightly > held & pid=$!
  read -r token sequencer < held || { wait $pid; exit; }
  ./first-step && holdfast check --quiet "$sequencer" && ./second-step
  kill $pid; wait $pid

  holdfast hold --wait 30s --ready-file ready nightly`
