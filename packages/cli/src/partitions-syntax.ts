/** `partitions` as people type it. */
import type { Command } from 'commander'
import type { PartitionsCommandOptions } from './partitions.ts'
import { act, type ProgramOptions } from './subcommand.ts'

export function addPartitions(root: Command, program: ProgramOptions): void {
  const command = root
    .command('partitions')
    .summary('run a command for each partition that this process owns: partitions --count N [options] NAME -- COMMAND')
    .description(
      'Joins the group and runs the command once for each partition that it is given, while it owns it; another member gets a partition when its command has ended. Without a command: prints who owns what.',
    )
    .usage('--count N [options] NAME -- COMMAND [ARGUMENT…]')
    .argument('<name>', 'the group; its locks are partitions:NAME:p/0, partitions:NAME:p/1 …')
    .option('--count <n>', 'how many partitions there are, the same for every member')
    .option('--id <text>', 'a name that survives a restart, such as that of a pod')
    .option('--share <n>', 'how many more partitions it takes than a member of share 1', '1')
    .option('--ttl <duration>', 'its partitions are free so long after this machine died', '10s')
    .option('--drain-within <duration>', 'how long a command may take to end after TERM', '30s')
    .option('--settle <duration>', 'changes of members within this time are one', '1s')
    .addHelpText('after', () => help)
  act(program, command, async (options, name = '') =>
    (await import('./partitions.ts')).partitionsCommand(program.context, {
      name,
      command: program.command,
      options: options as PartitionsCommandOptions,
    }),
  )
}

const help = `
The command finds HOLDFAST_PARTITION, its number, and what a command of run finds. It gets TERM when its partition is given to
another member. One that ends with 0 keeps its partition; with another code all are stopped, and that is the exit code.

Examples:
  holdfast partitions --count 12 --id "$HOSTNAME" orders -- ./consume.sh
  holdfast partitions orders
  holdfast partitions orders --json | jq -r .member`
