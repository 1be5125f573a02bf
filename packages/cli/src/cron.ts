/** `holdfast cron`, `tick` and `history`: a command once for each tick, on one of the machines that run this. */
import { durationMs } from 'holdfast'
import { cron, type CronRun, history, type RunRecord, scheduled } from 'holdfast/cron'
import { CommandFailed, onShift, runOnShift, type Shift } from './command-shift.ts'
import { type Context, type GlobalOptions, withLocks } from './context.ts'
import { exitCodes, Failure } from './exit-codes.ts'
import { signalExitCode } from './signals.ts'
import { requireLedger } from './store-ledger.ts'
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

const DAY_MS = 24 * 60 * 60 * 1_000
const ENDS: ReadonlySet<NodeJS.Signals> = new Set(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'])

export async function cronCommand(context: Context, request: CronRequest): Promise<number> {
  const { pattern, name, options } = request
  return await onTickShift(context, request, async (shift) => {
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
  return await onTickShift(context, request, async (shift) => {
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

async function onTickShift(
  context: Context,
  request: CronRequest,
  work: (shift: Shift) => Promise<number>,
): Promise<number> {
  const needed = '--at-most-for is needed: how long a run may take, and a hung one keep out the next'
  if (request.command?.length && request.options.atMostFor === undefined) throw new Failure(exitCodes.usage, needed)
  return await onShift(context, request, work)
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
  shift: Shift,
  { ttl }: CronCommandOptions,
  onSignal?: (signal: NodeJS.Signals) => unknown,
): Promise<void> {
  const environment = { HOLDFAST_TICK: run.tick.toISOString() }
  await runOnShift(run, shift, { ttl, environment, ...(onSignal && { onSignal: (signal) => void onSignal(signal) }) })
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
