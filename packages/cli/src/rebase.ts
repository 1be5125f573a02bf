/** `holdfast rebase`: shows how high the tokens of a store are, and moves them, after it has said what that costs. */
import { type Locks, TOKEN_MAX } from 'holdfast'
import { type Context, type GlobalOptions, withLocks } from './context.ts'
import { hasTerminal, isYes } from './dialogue.ts'
import { exitCodes, Failure } from './exit-codes.ts'
import type { Printer } from './printer.ts'

export interface RebaseCommandOptions extends GlobalOptions {
  readonly to?: string
  readonly yes?: boolean
}

/** How far ahead of its own clock a guard lets a token be, unless its `maxAhead` says otherwise. */
const GUARDS_ALLOW_US = 86_400_000_000n
const US_PER_MS = 1_000n
const DATE_MS_MAX = 8_640_000_000_000_000

export async function rebaseCommand(context: Context, options: RebaseCommandOptions): Promise<number> {
  const { printer } = context
  // Before any question: a mistake in the command line is not worth an answer.
  const to = options.to === undefined ? undefined : baseOf(options.to)
  if (to !== undefined && options.yes !== true && !hasTerminal(printer)) {
    throw new Failure(exitCodes.usage, 'rebase needs --yes: without a terminal there is nobody to ask')
  }
  return withLocks(context, options, async ({ locks }) => {
    const { highest } = await locks.rebase()
    if (to === undefined) return show(printer, highest, options)
    return move(printer, locks, { highest, to, options })
  })
}

function show(printer: Printer, highest: bigint, options: RebaseCommandOptions): number {
  if (options.json === true) printer.document({ highest: String(highest), to: null, direction: null })
  else printer.line(`highest token: ${inWords(highest)}`)
  return exitCodes.ok
}

interface Move {
  readonly highest: bigint
  readonly to: bigint
  readonly options: RebaseCommandOptions
}

async function move(printer: Printer, locks: Locks, { highest, to, options }: Move): Promise<number> {
  const direction = to > highest ? 'up' : 'down'
  printer.tell(`highest token: ${inWords(highest)}; the new base: ${inWords(to)}`, {
    event: 'highest',
    highest: String(highest),
    to: String(to),
  })
  for (const cost of costsOf(direction, to)) printer.tell(cost, { event: 'cost', direction })
  if (options.yes !== true && !(await isYes(printer, `Move the tokens ${direction}?`))) {
    throw new Failure(exitCodes.failed, 'nothing was done')
  }
  await locks.rebase(to)
  if (options.json === true) printer.document({ highest: String(highest), to: String(to), direction })
  else printer.line(`the next token of every lock comes behind ${to}`)
  return exitCodes.ok
}

function costsOf(direction: 'up' | 'down', to: bigint): readonly string[] {
  if (direction === 'up') {
    const isTooFar = to > nowUs() + GUARDS_ALLOW_US
    return [
      'up: holders keep their tokens and programs may go on; it cannot be undone while they do',
      ...(isTooFar
        ? ['up: guards refuse tokens more than 24h ahead of their clock, so they will refuse all of these']
        : []),
    ]
  }
  return [
    'down: stop every program that uses this store, and leave it stopped until this is done',
    'down: a token from before counts as newer than those to come, so a late write with one passes the guards',
    'down: a guard that has seen such a token refuses all later holders of that lock until its mark is lowered, too',
  ]
}

/** `now`, a date, or a token. */
function baseOf(text: string): bigint {
  const base = /^\d+$/.test(text) ? BigInt(text) : text === 'now' ? nowUs() : usOf(text)
  if (base !== undefined && base > 0n && base < TOKEN_MAX) return base
  throw new Failure(
    exitCodes.usage,
    `--to must be now, a date such as 2026-11-29T12:00:00Z, or a token; got ${JSON.stringify(text.slice(0, 40))}`,
  )
}

/** With a time and a zone: a date alone would be midnight in an unknown zone. */
function usOf(text: string): bigint | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d)$/.test(text)) return undefined
  const ms = Date.parse(text)
  return Number.isFinite(ms) ? BigInt(ms) * US_PER_MS : undefined
}

function nowUs(): bigint {
  return BigInt(Date.now()) * US_PER_MS
}

function inWords(token: bigint): string {
  if (token === 0n) return 'none yet'
  const ms = Number(token / US_PER_MS)
  if (ms > DATE_MS_MAX) return `${token} (no clock says so)`
  return `${token} (${new Date(ms).toISOString()}, ${difference(ms - Date.now())} this machine's clock)`
}

function difference(aheadMs: number): string {
  const s = Math.round(Math.abs(aheadMs) / 1_000)
  const [days, hours, minutes] = [
    Math.floor(s / 86_400),
    Math.floor((s % 86_400) / 3_600),
    Math.floor((s % 3_600) / 60),
  ]
  const parts = [`${days}d`, `${hours}h`, `${minutes}m`, `${s % 60}s`]
  const first = parts.findIndex((part) => !part.startsWith('0'))
  return `${first < 0 ? '0s' : parts.slice(first, first + 2).join(' ')} ${aheadMs < 0 ? 'behind' : 'ahead of'}`
}
