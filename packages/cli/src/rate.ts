/** `holdfast rate`: a permit of a rate, and a command behind it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type RateLimit, rateLimit } from 'holdfast/rate-limit'
import { durationMs, WaitTimeout } from 'holdfast'
import { type Context, type GlobalOptions, withLocks } from './context.ts'
import { requireExecutable } from './executable.ts'
import { exitCodes, Failure } from './exit-codes.ts'
import { tellDefault } from './open-notice.ts'
import { SignalDesk, signalExitCode } from './signals.ts'

export interface RateCommandOptions extends GlobalOptions {
  readonly limit?: string
  readonly per?: string
  readonly key?: string
  readonly count: string
  readonly wait: string
}

export interface RateRequest {
  readonly name: string
  readonly command: readonly string[] | undefined
  readonly options: RateCommandOptions
}

const DAY_MS = 24 * 60 * 60 * 1_000
const OPEN_WAIT = '10s'

export async function rateCommand(context: Context, { name, command, options }: RateRequest): Promise<number> {
  const { per, key, wait } = options
  if (per === undefined) throw new Failure(exitCodes.usage, '--per is needed: how long a permit counts')
  const [limit, count] = [whole('--limit', options.limit ?? ''), whole('--count', options.count)]
  const waitMs = durationMs('--wait', wait, { minMs: 0, maxMs: DAY_MS })
  if (command !== undefined) requireExecutable(command[0] ?? '', context.environment)
  const taken = async (rate: RateLimit): Promise<number | undefined> => {
    const wanted = { count, ...(key !== undefined && { key }) }
    try {
      if (waitMs > 0) {
        await rate.take({ ...wanted, wait: waitMs })
        return undefined
      }
    } catch (error) {
      // When to come again is known all the same.
      if (!(error instanceof WaitTimeout)) throw error
    }
    const answer = await rate.tryTake(wanted)
    return answer.allowed ? undefined : Math.ceil(answer.retryAfterMs)
  }
  const retryAfterMs = await withLocks(
    context,
    options,
    async (opened) => {
      await tellDefault(context, opened)
      return await taken(
        rateLimit(opened.locks, name, { limit, per: durationMs('--per', per, { minMs: 1, maxMs: DAY_MS }) }),
      )
    },
    OPEN_WAIT,
  )
  if (retryAfterMs !== undefined) {
    context.printer.tell(`retry after ${retryAfterMs} ms`, { event: 'refused', name, retryAfterMs })
    return exitCodes.notObtained
  }
  return command === undefined ? exitCodes.ok : await run(command)
}

/** Nothing is held while it runs: it gets the signals and has the last word. */
async function run([program = '', ...rest]: readonly string[]): Promise<number> {
  const signals = new SignalDesk()
  try {
    const child = spawn(program, rest, { stdio: 'inherit' })
    signals.handOver((signal) => child.kill(signal))
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
    return signal === null ? (code ?? exitCodes.failed) : signalExitCode(signal)
  } finally {
    signals.close()
  }
}

function whole(option: string, value: string): number {
  if (/^\d{1,4}$/.test(value)) return Number(value)
  const given = value === '' ? 'which is needed' : `got ${JSON.stringify(value)}`
  throw new Failure(exitCodes.usage, `${option} must be a whole number, ${given}`)
}
