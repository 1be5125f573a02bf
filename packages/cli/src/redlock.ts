/** `holdfast redlock`: under which list the servers of a Redlock are, and the steps that change that list. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { FinishOptions, RedlockServer, RedlockServers, RedlockStep } from 'holdfast/redlock'
import type { Context, GlobalOptions } from './context.ts'
import { hasTerminal, isYes } from './dialogue.ts'
import { exitCodes, Failure } from './exit-codes.ts'
import type { Printer } from './printer.ts'
import { findStore } from './store-choice.ts'
import { shortDuration } from './text.ts'

export interface RedlockCommandOptions extends GlobalOptions {
  readonly without?: string
  readonly force?: boolean
  readonly yes?: boolean
  /** `false` comes from --no-wait. */
  readonly wait?: boolean
}

export type RedlockAction = 'status' | 'begin' | 'finish' | 'start'

export const redlockActions: readonly RedlockAction[] = ['status', 'begin', 'finish', 'start']

export interface RedlockCall {
  readonly action: RedlockAction
  /** In place of the store of the options. */
  readonly url: string | undefined
  readonly options: RedlockCommandOptions
}

/** A wait that is longer is looked at in between, because a server that loses its data meanwhile prolongs it. */
const LOOK_MS = 10_000

export async function redlockCommand(context: Context, { action, url, options }: RedlockCall): Promise<number> {
  const { printer } = context
  const isFinish = options.without !== undefined || options.force === true || options.wait === false
  if (isFinish && action !== 'finish') {
    throw new Failure(exitCodes.usage, '--without, --force and --no-wait are for redlock finish')
  }
  const { store } = findStore(url === undefined ? options : { store: url }, context.environment)
  printer.secrets.learn(store.url)
  if (!/^redlock:/i.test(store.url)) {
    throw new Failure(exitCodes.usage, 'redlock is for a store of several servers: redlock://host,host,host')
  }
  const costs = costsOf(action, options)
  const asks = costs.length > 0 && options.yes !== true
  if (asks && !hasTerminal(printer)) {
    throw new Failure(exitCodes.usage, `redlock ${action} needs --yes: without a terminal there is nobody to ask`)
  }
  const { redlockServers } = await import('holdfast/redlock')
  await using servers = redlockServers(store.url)
  if (action === 'status') return show(printer, await servers.status(), options)
  for (const { name, on, under } of await servers.status()) {
    printer.tell(`${name}: ${placeOf[on]}, ${stateOf[under]}`, { event: 'server', name, on, under })
  }
  for (const cost of costs) printer.tell(cost, { event: 'cost' })
  if (asks && !(await isYes(printer, 'Take this step?'))) throw new Failure(exitCodes.failed, 'nothing was done')
  const step = action === 'finish' ? await finished(printer, servers, options) : await servers[action]()
  if (options.json === true) printer.document(step)
  else printer.line(wordsOf(action, step))
  return exitCodes.ok
}

/** Takes the step, waits until the next one may be taken, and takes that one. Interrupted, it can be called again. */
async function finished(
  printer: Printer,
  servers: RedlockServers,
  { without, force, wait }: RedlockCommandOptions,
): Promise<RedlockStep> {
  const options: FinishOptions = {
    force: force === true,
    ...(without === undefined ? {} : { without: without.split(',') }),
  }
  let told = false
  for (;;) {
    const step = await servers.finish(options)
    if (step.step === 'done' || wait === false) return step
    if (!told) printer.tell(wordsOf('finish', step), { event: step.step, waitMs: step.waitMs })
    told = true
    await sleep(Math.min(step.waitMs, LOOK_MS))
  }
}

function costsOf(action: RedlockAction, { force }: RedlockCommandOptions): readonly string[] {
  if (action === 'finish') {
    return [
      'finish: from here on no server votes for a client that knows the old list alone, and there is no way back but another change',
      ...(force === true ? ['finish --force: the locks of such clients are lost'] : []),
    ]
  }
  if (action !== 'start') return []
  return [
    'start: only for servers that have no data: at the very first start, or when all of them lost it',
    'start: no lock is granted until every lease of before is over, and a lock of a client that still runs may be lost',
  ]
}

function wordsOf(action: RedlockAction, { step, waitMs }: RedlockStep): string {
  const later = waitMs > 0 ? ` in ${shortDuration(waitMs)}` : ''
  if (action === 'start') return `the servers are under this list${waitMs > 0 ? `; locks are granted${later}` : ''}`
  if (step === 'prepared') {
    return (
      `the new servers take part${waitMs > 0 ? `, and their votes count${later}` : ''}. Now open every client with both ` +
      'lists, as this URL has them, and then call holdfast redlock finish'
    )
  }
  if (step === 'left') {
    return `the old list is taken away; what was granted under it is over${later}, and then the new one is given`
  }
  return 'the new list counts: open the clients with it alone, and switch off the servers that are on the old one only'
}

const placeOf: Readonly<Record<RedlockServer['on'], string>> = {
  both: 'stays',
  old: 'is to go',
  new: 'is new',
}

const stateOf: Readonly<Record<RedlockServer['under'], string>> = {
  old: 'under the old list',
  between: 'under the step from the old list to the new one',
  new: 'under this list',
  none: 'has no data',
  other: 'under another list',
  away: 'does not answer',
}

function show(printer: Printer, servers: readonly RedlockServer[], { json }: GlobalOptions): number {
  if (json === true) {
    for (const server of servers) {
      const { soleClientForMs } = server
      printer.document({ ...server, soleClientForMs: Number.isFinite(soleClientForMs) ? soleClientForMs : null })
    }
    return exitCodes.ok
  }
  printer.table(
    ['SERVER', 'CHANGE', 'STATE', 'QUARANTINE', 'LAST CLIENT', 'LIST'],
    servers.map(({ name, on, under, list, quarantinedForMs, soleClientForMs }) => [
      name,
      placeOf[on],
      stateOf[under],
      quarantinedForMs > 0 ? shortDuration(quarantinedForMs) : '-',
      Number.isFinite(soleClientForMs) ? `${shortDuration(soleClientForMs)} ago` : '-',
      list === '' ? '-' : list,
    ]),
  )
  return exitCodes.ok
}
