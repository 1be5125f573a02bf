/** `once` as people type it. */
import type { Command } from 'commander'
import type { OnceCommandOptions } from './once.ts'
import { act, type ProgramOptions } from './subcommand.ts'

export function addOnce(root: Command, program: ProgramOptions): void {
  const once = root
    .command('once')
    .summary('run a command once for each key, on all machines: once [options] KEY -- COMMAND')
    .description(
      'Runs the command unless it has succeeded for this key before, on any machine, and ends with its exit code; with 0 ' +
        'where it had. In a store of redis: or sqlite:.',
    )
    .usage('--interrupted WHICH [options] KEY -- COMMAND [ARGUMENT…]')
    .argument('<key>', 'what is to be done once; its lock is once:command:KEY')
    .option('--interrupted <which>', 'after a crash in the middle: run-again, or refuse until it is settled')
    .option('--settle <outcome>', 'says what became of an interrupted key: done or nothing-happened; runs nothing')
    .option('--keep <duration>', 'how long a success is remembered', '24h')
    .option('--ttl <duration>', 'the lease of an attempt: a crash is noticed so long after it', '10s')
    .addHelpText('after', () => help)
  act(program, once, async (options, name = '') =>
    (await import('./once.ts')).onceCommand(program.context, {
      name,
      command: program.command,
      options: options as OnceCommandOptions,
    }),
  )
}

const help = `
The command finds HOLDFAST_ATTEMPT, 1 for the first, and what a command of run finds.

Examples:
  holdfast once --interrupted run-again migration-42 --keep 8760h -- ./migrate.sh
  holdfast once --interrupted refuse invoices-2026-11 -- ./send-invoices.sh
  holdfast once invoices-2026-11 --settle nothing-happened`
