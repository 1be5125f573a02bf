/** `elect` as people type it. */
import type { Command } from 'commander'
import type { ElectCommandOptions } from './elect.ts'
import { act, type ProgramOptions } from './subcommand.ts'

export function addElect(root: Command, program: ProgramOptions): void {
  const elect = root
    .command('elect')
    .summary('run a command on the leader of several machines: elect [options] NAME -- COMMAND [ARGUMENT…]')
    .description(
      'Stands for election, runs the command while it leads, stops it before the next leader begins, and stands again after a loss. Ends with the command.',
    )
    .usage('[options] NAME -- COMMAND [ARGUMENT…]')
    .argument('<name>', 'the election; its lock is election:NAME')
    .option('--announce <text>', 'public text for those who ask who leads, such as an address')
    .option('--ttl <duration>', 'the lease: the next one leads so long after this machine died', '10s')
    .option(
      '--stop-before <duration>',
      'send TERM so long before the lease ends (default: 2s, at most a third of the ttl)',
    )
    .option(
      '--lock-delay <duration>',
      'nobody leads for so long after an expiry, a crash or an eviction (at least --stop-before)',
    )
    .option('--listen', 'run nothing: print who leads, now and at every change')
    .addHelpText('after', () => electHelp)
  act(program, elect, async (options, name = '') =>
    (await import('./elect.ts')).electCommand(program.context, {
      name,
      command: program.command,
      options: options as ElectCommandOptions,
    }),
  )
}

const electHelp = `
The command finds what a command of run finds, with HOLDFAST_TOKEN as the number of the term.

Examples:
  holdfast elect --announce "$HOSTNAME:8080" compactor -- ./compact.sh
  holdfast elect --listen compactor --json | jq -r .owner`
