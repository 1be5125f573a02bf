/** `rate` as people type it. */
import type { Command } from 'commander'
import type { RateCommandOptions } from './rate.ts'
import { act, type ProgramOptions } from './subcommand.ts'

export function addRate(root: Command, program: ProgramOptions): void {
  const rate = root
    .command('rate')
    .summary('let so many through in any span of time: rate --limit N --per DURATION [options] NAME [-- COMMAND]')
    .description(
      'Takes a permit of the rate, which counts for its span, and runs the command if there is one. Refused, it says when to come again, with exit code 75.',
    )
    .usage('--limit N --per DURATION [options] NAME [-- COMMAND [ARGUMENT…]]')
    .argument('<name>', 'what is limited; its line is rate:NAME')
    .option('--limit <n>', 'how many in any span, the same for every user of the name')
    .option('--per <duration>', 'how long a permit counts')
    .option('--key <text>', 'limits each user, address or tenant on its own')
    .option('--count <n>', 'how many permits at once', '1')
    .option('--wait <duration>', 'how long to wait for a permit', '0s')
    .addHelpText('after', () => help)
  act(program, rate, async (options, name = '') =>
    (await import('./rate.ts')).rateCommand(program.context, {
      name,
      command: program.command,
      options: options as RateCommandOptions,
    }),
  )
}

const help = `
Examples:
  holdfast rate --limit 100 --per 1m smtp -- ./send.sh
  holdfast rate --limit 5 --per 1m --key "$REMOTE_ADDR" logins || exit 1
  holdfast rate --limit 10 --per 1s --wait 30s api -- curl https://example.com`
