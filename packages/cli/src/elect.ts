/** `holdfast elect`: runs a command on the one that leads, stops it before the next one can lead, and stands again after a loss. */
import { election, type Leader } from 'holdfast/election'
import type { Context, GlobalOptions, Opened } from './context.ts'
import { requireExecutable } from './executable.ts'
import { exitCodes, Failure } from './exit-codes.ts'
import { withInterruptibleLocks } from './interruptible-locks.ts'
import { runUnderLease } from './leased-command.ts'
import { openedOrInterrupted } from './open-notice.ts'
import type { Printer } from './printer.ts'
import { lockDelayMs, type RunSettings, runSettings } from './run-settings.ts'
import type { SignalDesk } from './signals.ts'
import { printable } from './text.ts'

export interface ElectCommandOptions extends GlobalOptions {
  readonly announce?: string
  readonly ttl: string
  readonly stopBefore?: string
  readonly lockDelay?: string
  readonly listen?: boolean
}

export interface ElectRequest {
  readonly name: string
  readonly command: readonly string[] | undefined
  readonly options: ElectCommandOptions
}

export async function electCommand(context: Context, request: ElectRequest): Promise<number> {
  const { name, command = [], options } = request
  const listens = options.listen === true
  if (listens !== (command.length === 0)) throw new Failure(exitCodes.usage, wayOut(listens))
  if (!listens) requireExecutable(command[0] ?? '', context.environment)
  const { announce, ...rest } = options
  const note = announce === undefined ? {} : { note: announce }
  const settings = runSettings(name, { ...rest, ...note, conflictExitCode: String(exitCodes.notObtained) })
  const activity = `standing for "${name}"`
  return await withInterruptibleLocks(
    { context, options, openWait: settings.openWaitMs, activity },
    async (opened, signals) => {
      const candidacy = { context, opened, name, command, settings, signals }
      return listens ? await listen(candidacy) : await stand(candidacy)
    },
  )
}

function wayOut(listens: boolean): string {
  return listens
    ? 'elect --listen takes no command after --'
    : 'elect needs a command after two dashes: holdfast elect NAME -- COMMAND'
}

interface Candidacy {
  readonly context: Context
  readonly opened: Opened
  readonly name: string
  readonly command: readonly string[]
  readonly settings: RunSettings
  readonly signals: SignalDesk
}

async function stand(candidacy: Candidacy): Promise<number> {
  const { context, opened, name, settings, signals } = candidacy
  const { signal } = signals.interrupted
  const facts = await openedOrInterrupted(context.printer, opened.locks, signal)
  const { ttl, stopBefore, note } = settings.acquire
  const candidate = election(opened.locks, name, {
    ...(ttl === undefined ? {} : { ttl }),
    ...(stopBefore === undefined ? {} : { stopBefore }),
    ...(note === undefined ? {} : { announcement: note }),
    lockDelay: lockDelayMs(settings, facts),
  })
  candidate.on('elected', ({ token }) => tellTurn(context.printer, 'elected', name, token, 'leads'))
  candidate.on('stopped', ({ token, because }) => {
    if (because === 'lost') tellTurn(context.printer, 'lost', name, token, 'leads no longer')
  })
  // Of a term that was lost the exit code of the command does not count.
  const plan = { context, opened, command: candidacy.command, stopBeforeMs: settings.stopBeforeMs, signals }
  return await candidate.lead((term) => runUnderLease(term, plan), { signal })
}

function tellTurn(printer: Printer, event: string, name: string, token: bigint, what: string): void {
  printer.tell(`${what} "${name}", token ${token}`, { event, name, token: String(token) })
}

async function listen({ context, opened, name, signals }: Candidacy): Promise<number> {
  const { signal } = signals.interrupted
  await openedOrInterrupted(context.printer, opened.locks, signal)
  for await (const leader of election(opened.locks, name).observe({ signal }))
    printLeader(context.printer, name, leader)
  throw signal.reason
}

function printLeader(printer: Printer, name: string, leader: Leader | null): void {
  const { owner, announcement, token } = leader ?? { owner: null, announcement: null, token: null }
  const seen = { name, owner, announcement, token: token === null ? null : String(token) }
  if (printer.json) printer.document({ event: 'leader', ...seen })
  else if (owner === null) printer.line('nobody leads')
  else printer.line(printable(`${owner}${announcement === '' ? '' : ` (${announcement})`} leads, token ${token}`))
}
