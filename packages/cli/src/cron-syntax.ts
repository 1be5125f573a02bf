/** `cron`, `tick` and `history` as people type them. */
import type { Command } from 'commander'
import type { CronCommandOptions } from './cron.ts'
import { act, type ProgramOptions } from './subcommand.ts'

export function addCron(root: Command, program: ProgramOptions): void {
  const cron = root
    .command('cron')
    .summary("run a command by a schedule, on one of several machines: cron [options] 'PATTERN' NAME -- COMMAND")
    .description(
      'Runs the command once for each tick of the schedule, on one of the machines that run this, until a signal.',
    )
    .usage("[options] 'PATTERN' NAME -- COMMAND [ARGUMENT…]")
    .argument('<pattern>', 'a cron pattern of 5 or 6 fields')
    .argument('<name>', 'the job; its lock is cron:NAME')
    .option('--catch-up <which>', 'ticks that no machine ran: none, last or all', 'none')
    .addHelpText('after', () => cronHelp)
  act(program, withTimes(cron), async (options, pattern = '', name = '') =>
    (await import('./cron.ts')).cronCommand(program.context, {
      pattern,
      name,
      command: program.command,
      options: options as CronCommandOptions,
    }),
  )
  const tick = root
    .command('tick')
    .summary('run a command that a crontab starts, on one of several machines: tick [options] NAME -- COMMAND')
    .description(
      'Runs the command for the nearest tick of the schedule, and ends with 0 in silence where another machine does.',
    )
    .usage("--schedule 'PATTERN' [options] NAME -- COMMAND [ARGUMENT…]")
    .argument('<name>', 'the job; its lock is cron:NAME')
    .option('--schedule <pattern>', 'the pattern of the crontab that starts this')
    .addHelpText('after', () => tickHelp)
  act(program, withTimes(tick), async (options, name = '') =>
    (await import('./cron.ts')).tickCommand(program.context, {
      pattern: '',
      name,
      command: program.command,
      options: options as CronCommandOptions,
    }),
  )
  const history = root
    .command('history')
    .description('Show the last runs of a job on all machines, the latest first. In a store of redis: or sqlite:.')
    .argument('<name>', 'the job')
    .addHelpText('after', '\nExamples:\n  holdfast history nightly\n  holdfast history nightly --json | jq -r .outcome')
  act(program, history, async (options, name = '') =>
    (await import('./cron.ts')).historyCommand(program.context, name, options),
  )
}

function withTimes(command: Command): Command {
  return command
    .option('--at-most-for <duration>', 'how long a run may take: then it is sent TERM, and its lease runs out')
    .option('--timezone <zone>', 'where the pattern is meant; never that of the machine', 'UTC')
    .option('--ttl <duration>', 'the lease of a run: the job is free so long after this machine died', '10s')
}

const cronHelp = `
The command finds HOLDFAST_TICK, when it was due in UTC, and what a command of run finds.

Examples:
  holdfast cron '0 3 * * *' nightly --timezone Europe/Vienna --at-most-for 30m --catch-up last -- ./report.sh`

const tickHelp = `
Examples, for a crontab on every machine:
  */5 * * * *  holdfast tick --schedule '*/5 * * * *' --at-most-for 4m sync -- ./sync.sh`
