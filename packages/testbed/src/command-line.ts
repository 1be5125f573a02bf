/** The command lines of the programs around the library: options and words, read in one way, refused in one way. */
import { Command, CommanderError } from 'commander'

/** What is wrong with the command line, in words for the person who typed it. */
export class UsageError extends Error {}

/** Each option by its name; a flag takes no value. */
export type OptionKinds = Readonly<Record<string, 'text' | 'flag'>>

export interface CommandLine<Kinds extends OptionKinds> {
  readonly values: { readonly [Name in keyof Kinds]?: Kinds[Name] extends 'flag' ? true : string }
  readonly isHelpAsked: boolean
  /** What belongs to no option, in order. */
  readonly words: readonly string[]
}

/** `--help` and `-h` are options of every program; each has a text of its own for them. */
export function readCommandLine<const Kinds extends OptionKinds>(
  argv: readonly string[],
  kinds: Kinds,
): CommandLine<Kinds> {
  const command = new Command()
    .helpOption(false)
    .option('-h, --help')
    .allowExcessArguments()
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
  for (const [name, kind] of Object.entries(kinds)) command.option(`--${name}${kind === 'text' ? ' <value>' : ''}`)
  try {
    command.parse(argv, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    throw new UsageError(error.message.replace(/^error: /, ''))
  }
  const { help, ...values } = command.opts<Readonly<Record<string, string | true>>>()
  return { values: values as CommandLine<Kinds>['values'], isHelpAsked: help === true, words: command.args }
}

/** The value of an option that must be a whole number. */
export function wholeNumber(
  name: string,
  text: string,
  limits: { readonly min: number; readonly max: number },
): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
  if (value >= limits.min && value <= limits.max) return value
  throw new UsageError(
    `${name} must be a whole number from ${limits.min} to ${limits.max}, got ${JSON.stringify(text)}`,
  )
}
