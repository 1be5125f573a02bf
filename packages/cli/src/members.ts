/** `holdfast members`: who is in a list of members, in the order of joining. */
import type { Command } from 'commander'
import { type Context, type GlobalOptions, withLocks } from './context.ts'
import { exitCodes } from './exit-codes.ts'
import { act, type ProgramOptions } from './subcommand.ts'

export function addMembers(root: Command, program: ProgramOptions): void {
  const command = root
    .command('members')
    .description('List the members of a name with what each says of itself, in the order of joining.')
    .argument('<name>', 'the list; its line is members:NAME')
    .addHelpText(
      'after',
      '\nExamples:\n  holdfast members search-nodes\n  holdfast members search-nodes --json | jq -r .metadata',
    )
  act(program, command, async (options, name = '') => membersCommand(program.context, name, options))
}

async function membersCommand(context: Context, name: string, options: GlobalOptions): Promise<number> {
  const { members } = await import('holdfast/members')
  return withLocks(context, options, async ({ locks }) => {
    const present = await members(locks, name).list()
    if (options.json === true) for (const member of present) context.printer.document(member)
    else if (present.length === 0) context.printer.line('there is no member')
    else {
      const rows = present.map(({ id, owner, metadata }) => [id, owner, metadata])
      context.printer.table(['ID', 'OWNER', 'METADATA'], rows)
    }
    return exitCodes.ok
  })
}
