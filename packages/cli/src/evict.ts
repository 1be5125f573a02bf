/** `holdfast evict`: takes a lock from the holder that the operator has looked at, and from no other. */
import { TOKEN_MAX } from 'holdfast'
import { type Context, type GlobalOptions, withLocks } from './context.ts'
import { answerTo, hasTerminal, isYes } from './dialogue.ts'
import { exitCodes, Failure } from './exit-codes.ts'
import { holdersInWords } from './line-view.ts'
import type { Printer } from './printer.ts'
import { printable } from './text.ts'

export interface EvictCommandOptions extends GlobalOptions {
  readonly token?: string
  readonly reason?: string
  readonly yes?: boolean
}

export async function evictCommand(context: Context, name: string, options: EvictCommandOptions): Promise<number> {
  const { printer } = context
  // Before any question: a mistake in the command line is not worth an answer.
  if (options.token !== undefined) tokenOf(options.token)
  return withLocks(context, options, async ({ locks, namespace }) => {
    const asks = hasTerminal(printer)
    if (asks && options.yes !== true)
      printer.tell(`held by ${holdersInWords(await locks.inspect(name)) ?? 'nobody'}`, { event: 'holder', name })
    const token = tokenOf(options.token ?? (await asked(asks, printer, '--token', 'Token of the holder to evict: ')))
    const reason = options.reason ?? (await asked(asks, printer, '--reason', 'Reason, told to the holder: '))
    if (asks && options.yes !== true && !(await agreed(printer, name, token))) {
      throw new Failure(exitCodes.failed, 'nothing was done')
    }
    const outcome = await locks.evict(name, { token, reason })
    if (options.json === true) printer.document({ namespace, name, token: String(token), outcome })
    else if (outcome === 'evicted') printer.line(`evicted token ${token} from ${printable(name)}`)
    if (outcome === 'evicted') return exitCodes.ok
    printer.tell(
      `token ${token} does not hold "${name}" (any more); nothing was done. holdfast inspect shows who does.`,
      {
        event: 'gone',
        name,
        token: String(token),
        exitCode: exitCodes.failed,
      },
    )
    return exitCodes.failed
  })
}

function tokenOf(text: string): bigint {
  const token = /^[1-9]\d{0,18}$/.test(text) ? BigInt(text) : 0n
  if (token > 0n && token <= TOKEN_MAX) return token
  throw new Failure(
    exitCodes.usage,
    `--token must be the decimal number that inspect shows; got ${JSON.stringify(text.slice(0, 40))}`,
  )
}

async function asked(asks: boolean, printer: Printer, option: string, question: string): Promise<string> {
  if (!asks) throw new Failure(exitCodes.usage, `evict needs ${option}: without a terminal there is nobody to ask`)
  return answerTo(printer, question)
}

async function agreed(printer: Printer, name: string, token: bigint): Promise<boolean> {
  return isYes(printer, `Evict token ${token} from "${printable(name)}"? Its holder may still be at work.`)
}
