/** `holdfast check`: whether what a sequencer says is held now, for scripts and for services that receive one. */
import { text } from 'node:stream/consumers'
import { parseSequencer } from 'holdfast'
import { type Context, type GlobalOptions, withLocks } from './context.ts'
import { exitCodes, Failure } from './exit-codes.ts'

export interface CheckOptions extends GlobalOptions {
  readonly quiet?: boolean
}

/** Where the sequencer stands: `-` is stdin, and without an argument it is that of the run around this command. */
export async function checkCommand(context: Context, given: string, options: CheckOptions): Promise<number> {
  const { printer, environment } = context
  const found = given === '-' ? await text(printer.streams.stdin) : given || (environment['HOLDFAST_SEQUENCER'] ?? '')
  const sequencer = found.trim()
  if (sequencer === '')
    throw new Failure(exitCodes.usage, 'check needs a sequencer, - for stdin, or HOLDFAST_SEQUENCER')
  const { namespace, name } = parseSequencer(sequencer)
  return withLocks(context, { ...options, namespace }, async ({ locks }) => {
    const state = await locks.check(sequencer)
    if (options.json === true) printer.document({ namespace, name, state })
    else if (options.quiet !== true) printer.line(state)
    return state === 'live' ? exitCodes.ok : exitCodes.failed
  })
}
