/** `run` as people type it. */
import type { Command } from 'commander'
import { exitCodes, Failure } from './exit-codes.ts'
import { addGrantOptions } from './grant-syntax.ts'
import { addAdoption, adoptionOf } from './hand-over-syntax.ts'
import type { RunCommandOptions } from './run-settings.ts'
import { act, type ProgramOptions } from './subcommand.ts'

export function addRun(root: Command, program: ProgramOptions): void {
  const run = root
    .command('run')
    .summary('run a command under a lock: run [options] NAME -- COMMAND [ARGUMENT…]')
    .description(
      'Waits for the lock, runs the command, stops it before its lease can be somebody else’s, and gives the lock back.',
    )
    .usage('[options] NAME -- COMMAND [ARGUMENT…]')
    .addHelpText('after', () => help)
  addGrantOptions(run)
  run.option(
    '--stop-before <duration>',
    'send TERM so long before the lease ends (default: 2s, at most a third of the ttl)',
  )
  addAdoption(run)
  act(program, run, async (options, name) => {
    if (program.command === undefined || program.command.length === 0) {
      throw new Failure(exitCodes.usage, 'run needs a command after two dashes: holdfast run NAME -- COMMAND')
    }
    const adoption = adoptionOf(program, name, program.command, options)
    if (adoption !== undefined) return adoption
    return (await import('./run.ts')).runCommand(program.context, {
      name,
      command: program.command,
      options: options as RunCommandOptions,
    })
  })
}

const help = `
The command finds HOLDFAST_TOKEN, HOLDFAST_SEQUENCER, HOLDFAST_NAME, HOLDFAST_NAMESPACE and HOLDFAST_STORE (or
HOLDFAST_STORE_FILE) in its environment, and HOLDFAST_NAMES and HOLDFAST_SEQUENCERS, which are JSON arrays: of several
locks there is no single token, so the first three are empty. It runs in a process group and session of its own; TERM,
INT, HUP, QUIT, USR1, USR2, WINCH and CONT are passed on to the group. What it leaves running in that group is ended
before the lock is given back. As the first process of a container (pid 1) run does not reap what leaves the group: use
docker run --init, or tini.

Examples:
  holdfast run nightly -- ./backup.sh --all
  holdfast run --wait 30s --conflict-exit-code 0 nightly -- ./backup.sh
  holdfast run --permits 3 encoders -- ./encode.sh
  holdfast run -n account:7 -n account:12 -- ./transfer.sh
  holdfast run --shared catalogue -- ./read-report.sh
  holdfast run deploy -- sh -c 'psql -v token="$HOLDFAST_TOKEN" -f deploy.sql'`
