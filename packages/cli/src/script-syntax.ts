/** Words of the command line for scripts, shells and manuals: check, completion and man. */
import { Argument, type Command } from 'commander'
import type { Shell } from './completion.ts'
import { exitCodes, Failure } from './exit-codes.ts'
import { act, type ProgramOptions } from './subcommand.ts'

const shells: readonly Shell[] = ['bash', 'zsh', 'fish']

export function addCheck(root: Command, program: ProgramOptions): void {
  const check = root
    .command('check')
    .description(
      'Say whether what a sequencer says is held now: live with exit code 0, gone with 1. A moment later it may be over; a guard has the last word.',
    )
    .argument('[sequencer]', '- for stdin; without it those of the run around it, all of which have to be live')
    .option('-q, --quiet', 'print nothing')
    .addHelpText(
      'after',
      '\nExamples:\n  holdfast run deploy -- sh -c \'make build && holdfast check && make release\'\n  echo "$SEQUENCER" | holdfast check --quiet - || exit 1',
    )
  act(program, check, async (options, sequencer = '') =>
    (await import('./check.ts')).checkCommand(program.context, sequencer, options),
  )
}

export function addCompletion(root: Command, program: ProgramOptions): void {
  const completion = root
    .command('completion')
    .description('Print what a shell needs to complete commands, options and the names of locks.')
    .addArgument(new Argument('<shell>', 'which shell').choices(shells))
    .addHelpText(
      'after',
      '\nExamples:\n  source <(holdfast completion bash)\n  holdfast completion fish > ~/.config/fish/completions/holdfast.fish',
    )
  act(program, completion, async (_, shell = '') => {
    const { completionScript } = await import('./completion.ts')
    program.context.printer.line(completionScript(root, shell as Shell).trimEnd())
    return exitCodes.ok
  })
}

export function addManual(root: Command, program: ProgramOptions): void {
  const manual = root
    .command('man')
    .description('Print a page for man: of the whole, or of one command.')
    .argument('[command]', 'which command')
    .addHelpText(
      'after',
      '\nExamples:\n  holdfast man run | man -l -\n  holdfast man > /usr/local/share/man/man1/holdfast.1',
    )
  act(program, manual, async (_, name) => {
    const command = root.commands.find((each) => each.name() === name)
    if (name !== undefined && command === undefined) {
      throw new Failure(exitCodes.usage, `there is no command ${JSON.stringify(name)}; see holdfast --help`)
    }
    const { manualPage } = await import('./manual.ts')
    program.context.printer.paint(manualPage({ root, version: program.version }, command))
    return exitCodes.ok
  })
}
