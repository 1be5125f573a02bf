/** `holdfast cron`, `tick` and `history`: a command once for each tick, on one of the machines that run this. */
import { durationMs } from 'holdfast'
import { cron, type CronRun, history, type Ledger, type RunRecord, scheduled } from 'holdfast/cron'
import { type Context, type GlobalOptions, type Opened, withLocks } from './context.ts'
import { requireExecutable } from './executable.ts'
import { exitCodes, Failure } from './exit-codes.ts'
import { runUnderLease } from './leased-command.ts'
import { openedOrInterrupted, tellDefault } from './open-notice.ts'
import { SignalDesk, signalExitCode } from './signals.ts'
import { ledgerBeside, requireLedger } from './store-ledger.ts'
import { shortDuration } from './text.ts'

export interface CronCommandOptions extends GlobalOptions {
  readonly atMostFor?: string
  readonly timezone: string
  readonly ttl: string
  readonly schedule?: string
  readonly catchUp?: string
}

export interface CronRequest {
  readonly pattern: string
  readonly name: string
  readonly command: readonly string[] | undefined
  readonly options: CronCommandOptions
}

/** What a command ended with, as the history keeps it. */
class CommandFailed extends Error {
  readonly exitCode: number
  constructor(exitCode: number) {
    super(`exit code ${exitCode}`)
    this.exitCode = exitCode
  }
}

interface Shift {
  readonly context: Context
  readonly opened: Opened
  readonly command: readonly string[]
  readonly signals: SignalDesk
  readonly ledger: { readonly ledger: Ledger } | undefined
}

const OPEN_WAIT = '10s'
const DAY_MS = 24 * 60 * 60 * 1_000
/** Enough for a command to end in order. */
const STOP_BEFORE_SHARE = 1 / 3
const STOP_BEFORE_MS_MAX = 2_000
const ENDS: ReadonlySet<NodeJS.Signals> = new Set(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'])

export async function cronCommand(context: Context, request: CronRequest): Promise<number> {
  const { pattern, name, options } = request
  return await onShift(context, request, async (shift) => {
    const { printer } = shift.context
    const { signals, ledger, opened } = shift
    const stop = new AbortController()
    const ends = AbortSignal.any([stop.signal, signals.interrupted.signal])
    const job = await cron(
      opened.locks,
      name,
      { schedule: pattern, ...optionsOf(options), ...ledger, catchUp: catchUpOf(options), signal: ends },
      (run) => runOnce(run, shift, options, (signal) => ENDS.has(signal) && stop.abort(signal)),
    )
    job.on('finished', (record) => {
      const took = shortDuration(record.tookMs ?? 0)
      const words = `ran "${name}" for ${record.tick.toISOString()}: ${record.error ?? record.outcome}, ${took}`
      printer.tell(words, { event: 'finished', ...rowOf(record) })
    })
    job.on('missed', ({ tick }) => {
      printer.tell(`nobody ran "${name}" for ${tick.toISOString()}`, {
        event: 'missed',
        name,
        tick: tick.toISOString(),
      })
    })
    job.on('failed', ({ tick, error }) => {
      const why = error instanceof Error ? error.message : String(error)
      printer.tell(`"${name}" for ${tick.toISOString()}: ${why}`, { event: 'failed', name, tick: tick.toISOString() })
    })
    job.on('warned', ({ reason }) => printer.tell(reason, { event: 'warned', name }))
    if (!ends.aborted) await new Promise((resolve) => ends.addEventListener('abort', resolve, { once: true }))
    await job.stop()
    const signal = ends.reason as NodeJS.Signals
    throw new Failure(signalExitCode(signal), `no longer runs "${name}": ${signal}`)
  })
}

/** For a crontab of each machine: silent where another one runs it. */
export async function tickCommand(context: Context, request: CronRequest): Promise<number> {
  const { name, options } = request
  const { schedule } = options
  if (schedule === undefined) throw new Failure(exitCodes.usage, 'tick needs --schedule: the pattern of the crontab')
  return await onShift(context, request, async (shift) => {
    const once = scheduled(shift.opened.locks, name, { schedule, ...optionsOf(options), ...shift.ledger }, (run) =>
      runOnce(run, shift, options),
    )
    try {
      await once()
      return exitCodes.ok
    } catch (error) {
      if (error instanceof CommandFailed) return error.exitCode
      throw error
    }
  })
}

export async function historyCommand(context: Context, name: string, options: GlobalOptions): Promise<number> {
  return await withLocks(context, options, async (opened) => {
    await opened.locks.open()
    const found = await requireLedger(opened)
    try {
      const runs = await history(opened.locks, name, found.ledger)
      if (options.json === true) for (const run of runs) context.printer.document({ name, ...rowOf(run) })
      else if (runs.length > 0) context.printer.table(['TICK', 'OUTCOME', 'TOOK', 'OWNER', 'ERROR'], runs.map(cellsOf))
      return exitCodes.ok
    } finally {
      found.close()
    }
  })
}

async function onShift(
  context: Context,
  { command = [], options, name }: CronRequest,
  work: (shift: Shift) => Promise<number>,
): Promise<number> {
  if (command.length === 0)
    throw new Failure(exitCodes.usage, 'a command is needed after two dashes: … NAME -- COMMAND')
  if (options.atMostFor === undefined) {
    throw new Failure(
      exitCodes.usage,
      '--at-most-for is needed: how long a run may take, and a hung one keep out the next',
    )
  }
  requireExecutable(command[0] ?? '', context.environment)
  const signals = new SignalDesk()
  try {
    return await withLocks(
      context,
      options,
      async (opened) => {
        await tellDefault(context, opened)
        await openedOrInterrupted(context.printer, opened.locks, signals.interrupted.signal)
        const ledger = await ledgerBeside(opened)
        try {
          return await work({ context, opened, command, signals, ledger: ledger && { ledger: ledger.ledger } })
        } finally {
          ledger?.close()
        }
      },
      OPEN_WAIT,
    )
  } catch (error) {
    const signal = signals.interruptedBy
    if (signal === undefined || error !== signal) throw error
    throw new Failure(signalExitCode(signal), `stopped waiting for the store of "${name}": ${signal}`)
  } finally {
    signals.close()
  }
}

function optionsOf({ atMostFor = '', timezone, ttl }: CronCommandOptions) {
  return {
    timezone,
    ttl: durationMs('--ttl', ttl, { minMs: 100, maxMs: DAY_MS }),
    atMostFor: durationMs('--at-most-for', atMostFor, { minMs: 1_000, maxMs: DAY_MS }),
  }
}

function catchUpOf({ catchUp = 'none' }: CronCommandOptions): 'none' | 'last' | 'all' {
  if (catchUp === 'none' || catchUp === 'last' || catchUp === 'all') return catchUp
  throw new Failure(exitCodes.usage, `--catch-up must be none, last or all; got ${JSON.stringify(catchUp)}`)
}

/** Throws `CommandFailed`, so that the history says what a command ended with. */
async function runOnce(
  run: CronRun,
  { context, opened, command, signals }: Shift,
  { ttl }: CronCommandOptions,
  onSignal: (signal: NodeJS.Signals) => unknown = () => undefined,
): Promise<void> {
  const stopBeforeMs = Math.min(
    STOP_BEFORE_MS_MAX,
    Math.floor(durationMs('--ttl', ttl, { minMs: 1, maxMs: DAY_MS }) * STOP_BEFORE_SHARE),
  )
  const environment = { HOLDFAST_TICK: run.tick.toISOString() }
  const code = await runUnderLease(run, {
    context,
    opened,
    command,
    stopBeforeMs,
    signals,
    environment,
    stopping: run.stopping,
    onSignal: (signal) => void onSignal(signal),
  })
  if (code !== exitCodes.ok) throw new CommandFailed(code)
}

function rowOf({ tick, token, owner, startedAt, outcome, tookMs, error }: RunRecord) {
  return {
    tick: tick.toISOString(),
    token: String(token),
    owner,
    startedAt: startedAt.toISOString(),
    outcome,
    tookMs: tookMs ?? null,
    error: error ?? null,
  }
}

function cellsOf({ tick, outcome, tookMs, owner, error }: RunRecord): readonly string[] {
  return [tick.toISOString(), outcome, tookMs === undefined ? '-' : shortDuration(tookMs), owner, error ?? '']
}
