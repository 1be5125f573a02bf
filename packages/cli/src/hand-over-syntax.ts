/** `acquire` and `release` as people type them, and what `run` takes to go on with a lock. */
import type { Command } from 'commander'
import type { AcquireCommandOptions, AdoptCommandOptions } from './hand-over.ts'
import type { GlobalOptions } from './context.ts'
import { exitCodes, Failure } from './exit-codes.ts'
import { act, type ProgramOptions } from './subcommand.ts'

const WITHIN = '1h'
const FILE_OPTION = [
  '--handover-file <path>',
  'where the text is, - for stdin; without it in HOLDFAST_HANDOVER',
] as const
/** They say how a lock is taken, and this one is taken. */
const OF_TAKING = [
  'wait',
  'permits',
  'take',
  'shared',
  'exclusive',
  'minHold',
  'lockDelay',
  'note',
  'stopBefore',
  // The text that is handed over is of one lock.
  'name',
] as const

export function addAcquire(root: Command, program: ProgramOptions): void {
  const acquire = root
    .command('acquire')
    .summary('take a lock, leave it taken, and print the text with which others go on')
    .description(
      'Takes the lock and prints a text with which exactly one command at a time goes on: run --adopt, or release. The text is a secret.',
    )
    .argument('<name>', 'the lock')
    .option('--within <duration>', 'free again when no command went on for so long', WITHIN)
    .option('--wait <duration>', 'how long to wait for the lock', '30s')
    .option('--ttl <duration>', 'the lease until it is handed over', '10s')
    .option('--note <text>', 'public text for those who inspect the lock')
    .option('--output <path>', 'write the text to a file that only its owner may read')
    .addHelpText('after', () => help)
  act(program, acquire, async (options, name = '') =>
    (await import('./hand-over.ts')).acquireCommand(program.context, name, options as AcquireCommandOptions),
  )
}

export function addRelease(root: Command, program: ProgramOptions): void {
  const release = root
    .command('release')
    .description('Give back a lock that acquire took, by its text.')
    .option(...FILE_OPTION)
    .addHelpText('after', () => help)
  act(program, release, async (options) => (await import('./hand-over.ts')).releaseCommand(program.context, options))
}

/** To `run`. */
export function addAdoption(run: Command): void {
  run
    .option('--adopt', 'go on with a lock that acquire took, and leave it taken for the next command')
    .option(...FILE_OPTION)
    .option('--within <duration>', 'with --adopt: free again when no command went on for so long', WITHIN)
}

/** `run --adopt`, or nothing for every other run. */
export function adoptionOf(
  program: ProgramOptions,
  name: string | undefined,
  command: readonly string[],
  options: GlobalOptions,
): Promise<number> | undefined {
  if (!Object.hasOwn(options, 'adopt')) return undefined
  const taking = OF_TAKING.find((option) => option in options)
  if (taking !== undefined) {
    const option = taking.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
    throw new Failure(exitCodes.usage, `--${option} says how a lock is taken, and with --adopt it is taken already`)
  }
  if (name === undefined) throw new Failure(exitCodes.usage, 'run --adopt needs the name of the lock')
  return import('./hand-over.ts').then(({ adoptCommand }) =>
    adoptCommand(program.context, { name, command, options: options as AdoptCommandOptions }),
  )
}

const help = `
Examples:
  export HOLDFAST_HANDOVER="$(holdfast acquire deploy --within 1h)"
  holdfast run --adopt deploy -- make migrate
  holdfast run --adopt deploy -- make deploy
  holdfast release`
