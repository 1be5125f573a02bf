/** What every subcommand is made with, and how its action is called. */
import type { Command } from 'commander'
import type { Context, GlobalOptions } from './context.ts'
import { exitCodes, Failure } from './exit-codes.ts'

export interface ProgramOptions {
  readonly context: Context
  readonly version: string
  /** What stood behind `--`. */
  readonly command: readonly string[] | undefined
  onExitCode(exitCode: number): void
}

/** What runs the command that stood behind `--`. */
const TAKES_COMMAND: ReadonlySet<string> = new Set([
  'run',
  'elect',
  'cron',
  'tick',
  'once',
  'slot',
  'rate',
  'partitions',
])

export type Action = (options: GlobalOptions, ...names: string[]) => Promise<number>

/** Commander hands over the arguments, the options and the command. */
export function act(program: ProgramOptions, command: Command, action: Action): void {
  command.action(async (...given: unknown[]) => {
    const names = given.filter((argument) => typeof argument === 'string')
    const options: GlobalOptions = command.optsWithGlobals()
    if (program.command !== undefined && !TAKES_COMMAND.has(command.name())) {
      throw new Failure(exitCodes.usage, `${command.name()} takes no command after --`)
    }
    program.onExitCode(await action(options, ...names))
  })
}
