/** One call of the command: arguments in, exit code out. Whatever goes wrong becomes one line on stderr. */
import { readFileSync } from 'node:fs'
import { getAsset, isSea } from 'node:sea'
import { CommanderError } from 'commander'
import { exitCodeOf, exitCodes, Failure } from './exit-codes.ts'
import { labCommand } from './lab.ts'
import { Printer, type Streams } from './printer.ts'
import { programOf } from './program.ts'

export interface Call {
  /** Without the program's own name. */
  readonly args: readonly string[]
  readonly environment: NodeJS.ProcessEnv
  readonly streams: Streams
}

const RUN_USAGE = 'holdfast run NAME -- COMMAND [ARGUMENT…]'

/** Variables that a driver reads a password from. */
const PASSWORDS = ['PGPASSWORD']

/** Never throws. */
export async function main({ args, environment, streams }: Call): Promise<number> {
  const printer = new Printer(streams)
  // Known before the options are read, so that a mistake in them is reported in the same form.
  printer.json = beforeCommand(args).includes('--json')
  const context = { printer, environment }
  let exitCode: number = exitCodes.ok
  try {
    for (const name of PASSWORDS) printer.secrets.learnBare(environment[name] ?? '')
    // A URL in the wrong place is repeated by the message about it.
    for (const text of [...beforeCommand(args), environment['HOLDFAST_STORE'] ?? '']) printer.secrets.learn(text)
    // Its options are its own, and it ends with its own exit codes.
    if (args[0] === 'lab') return await labCommand(context, args.slice(1))
    const at = args.indexOf('--')
    await programOf({
      context,
      version: version(),
      command: at < 0 ? undefined : args.slice(at + 1),
      onExitCode: (code) => {
        exitCode = code
      },
    }).parseAsync([...beforeCommand(args)], { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) return ofCommander(printer, error, args)
    const code = exitCodeOf(error)
    printer.failure(error, code)
    return code
  }
}

/** Everything behind `--` is the command to run. */
function beforeCommand(args: readonly string[]): readonly string[] {
  const at = args.indexOf('--')
  return at < 0 ? args : args.slice(0, at)
}

function ofCommander(printer: Printer, error: CommanderError, args: readonly string[]): number {
  // Help and version were asked for and are done.
  if (error.exitCode === 0) return exitCodes.ok
  if (error.code === 'commander.help') {
    printer.failure(
      new Failure(
        exitCodes.usage,
        'which command? run, hold, acquire, release, elect, cron, tick, history, once, slot, rate, members, partitions, ls, inspect, watch, evict, doctor, rebase, serve, schema, check, completion, man or redlock; see holdfast --help',
      ),
      exitCodes.usage,
    )
    return exitCodes.usage
  }
  const message = error.message.replace(/^error: /, '').replaceAll('\n', ' ')
  const wayOut = mayLackDashes(error, args) ? `put -- before the command: ${RUN_USAGE}` : 'see holdfast --help'
  printer.failure(new Failure(exitCodes.usage, `${message} (${wayOut})`), exitCodes.usage)
  return exitCodes.usage
}

/** What stands there would be the command and its options. */
function mayLackDashes({ code }: CommanderError, args: readonly string[]): boolean {
  const isTooMuch = code === 'commander.excessArguments' || code === 'commander.unknownOption'
  return isTooMuch && args.includes('run') && !args.includes('--')
}

function version(): string {
  const name = 'package.json'
  const text = isSea() ? getAsset(name, 'utf8') : readFileSync(new URL(`../${name}`, import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
