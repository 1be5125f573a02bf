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
  const found = given === '-' ? await text(printer.streams.stdin) : given
  const sequencers = found.trim() === '' && given !== '-' ? sequencersAround(environment) : [found.trim()]
  const [first = '', ...others] = sequencers
  if (first === '') throw new Failure(exitCodes.usage, 'check needs a sequencer, - for stdin, or HOLDFAST_SEQUENCER')
  const { namespace } = parseSequencer(first)
  return withLocks(context, { ...options, namespace }, async ({ locks }) => {
    const states = await Promise.all([first, ...others].map((each) => locks.check(each)))
    const state = states.find((each) => each === 'gone') ?? 'live'
    if (options.json === true) {
      sequencers.forEach((each, at) => {
        const { name } = parseSequencer(each)
        printer.document({ namespace, name, state: states[at] })
      })
    } else if (options.quiet !== true) printer.line(state)
    return state === 'live' ? exitCodes.ok : exitCodes.failed
  })
}

/** Of several names all have to be held, and HOLDFAST_SEQUENCER is empty. */
function sequencersAround(environment: NodeJS.ProcessEnv): readonly string[] {
  const only = environment['HOLDFAST_SEQUENCER'] ?? ''
  if (only !== '') return [only]
  try {
    const list: unknown = JSON.parse(environment['HOLDFAST_SEQUENCERS'] ?? '[]')
    return Array.isArray(list) ? list.filter((each) => typeof each === 'string') : []
  } catch {
    return []
  }
}
