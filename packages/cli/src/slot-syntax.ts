/** `slot` as people type it. */
import type { Command } from 'commander'
import type { SlotCommandOptions } from './slot.ts'
import { act, type ProgramOptions } from './subcommand.ts'

export function addSlot(root: Command, program: ProgramOptions): void {
  const slot = root
    .command('slot')
    .summary('run a command with a number of its own: slot --count N [options] NAME -- COMMAND')
    .description('Runs the command with a number below N that no other one has, and waits for one while all are held.')
    .usage('--count N [options] NAME -- COMMAND [ARGUMENT…]')
    .argument('<name>', 'the places; their locks are slots:NAME:0, slots:NAME:1 …')
    .option('--count <n>', 'how many places there are, the same for every user of the name')
    .option('--prefer <n>', 'the number to look at first')
    .option('--wait <duration>', 'how long to wait for a place; 0 for not at all', '30s')
    .option('--ttl <duration>', 'the number is free so long after this machine died', '10s')
    .option(
      '--lock-delay <duration>',
      'the number stays unused so long after an expiry, a crash or an eviction (at least 2s, or a third of the ttl)',
      '0s',
    )
    .addHelpText('after', () => help)
  act(program, slot, async (options, name = '') =>
    (await import('./slot.ts')).slotCommand(program.context, {
      name,
      command: program.command,
      options: options as SlotCommandOptions,
    }),
  )
}

const help = `
The command finds HOLDFAST_SLOT, its number, and what a command of run finds.

Examples:
  holdfast slot --count 8 workers -- ./worker.sh
  holdfast slot --count 1024 --lock-delay 10s --prefer 7 ids -- ./id-service`
