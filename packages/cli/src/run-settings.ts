/** The options of `holdfast run`, read and checked before anything is opened or started. */
import {
  type AcquireOptions,
  CAPACITY_MAX,
  durationMs,
  type Facts,
  LOCK_DELAY_MS_MAX,
  MIN_HOLD_MS_MAX,
  TTL_MS_MAX,
  TTL_MS_MIN,
  WAIT_MS_MAX,
} from 'holdfast'
import type { GlobalOptions } from './context.ts'
import { exitCodes, Failure } from './exit-codes.ts'
import { shortDuration } from './text.ts'

export interface RunCommandOptions extends GlobalOptions {
  /** Instead of the argument. */
  readonly name?: readonly string[]
  readonly permits?: string
  readonly take?: string
  readonly shared?: boolean
  readonly exclusive?: boolean
  /** `false` comes from --no-wait; absent for as long as can be. */
  readonly wait?: string | false
  readonly ttl: string
  readonly stopBefore?: string
  readonly minHold?: string
  readonly lockDelay?: string
  readonly note?: string
  readonly conflictExitCode: string
}

export interface RunSettings {
  readonly names: readonly [string, ...string[]]
  /** How many may hold the name at a time. Absent for a lock. */
  readonly permits: number | undefined
  readonly take: number
  readonly mode: 'plain' | 'shared' | 'exclusive'
  /** Everything that does not depend on the store. */
  readonly acquire: AcquireOptions
  /** Absent when the run does not wait. */
  readonly waitMs: number | undefined
  /** As it was typed. */
  readonly waitInWords: string
  /** How long the store itself is waited for. */
  readonly openWaitMs: number
  readonly stopBeforeMs: number
  readonly lockDelayMs: number
  readonly conflictExitCode: number
}

/** A day of waiting for an address that was mistyped would look like a busy lock: so a run waits so long only when asked to. */
const OPEN_WAIT_MS_DEFAULT = 10_000
/** For --help. */
export const WAIT_DEFAULT = '24h'
const STOP_BEFORE_MS_DEFAULT = 2_000
const STOP_BEFORE_TTL_SHARE = 1 / 3

/** The ranges are the library's; read here, so that a refusal names the option as it was typed. */
export function runSettings(name: string | undefined, options: RunCommandOptions): RunSettings {
  const names = namesOf(name, options)
  const ttlMs = durationMs('--ttl', options.ttl, { minMs: TTL_MS_MIN, maxMs: TTL_MS_MAX })
  const { wait = WAIT_DEFAULT, lockDelay, minHold } = options
  const stopBeforeMs = stopBeforeOption(options, ttlMs)
  const waitMs = wait === false ? undefined : durationMs('--wait', wait, { minMs: 0, maxMs: WAIT_MS_MAX })
  return {
    names,
    ...permitsOf(options),
    mode: modeOf(names, options),
    waitMs,
    waitInWords: String(wait),
    openWaitMs: openWaitOf(options, waitMs),
    stopBeforeMs,
    lockDelayMs:
      lockDelay === undefined ? 0 : durationMs('--lock-delay', lockDelay, { minMs: 0, maxMs: LOCK_DELAY_MS_MAX }),
    conflictExitCode: exitCodeOption('--conflict-exit-code', options.conflictExitCode),
    acquire: {
      ttl: ttlMs,
      stopBefore: stopBeforeMs,
      ...(minHold === undefined
        ? {}
        : { minHold: durationMs('--min-hold', minHold, { minMs: 0, maxMs: MIN_HOLD_MS_MAX }) }),
      ...(options.note === undefined ? {} : { note: options.note }),
    },
  }
}

function openWaitOf({ wait }: RunCommandOptions, waitMs: number | undefined): number {
  return wait === undefined ? OPEN_WAIT_MS_DEFAULT : (waitMs ?? 0)
}

function stopBeforeOption({ stopBefore }: RunCommandOptions, ttlMs: number): number {
  if (stopBefore === undefined) return Math.min(STOP_BEFORE_MS_DEFAULT, Math.floor(ttlMs * STOP_BEFORE_TTL_SHARE))
  const stopBeforeMs = durationMs('--stop-before', stopBefore, { minMs: 0, maxMs: TTL_MS_MAX })
  if (stopBeforeMs * 2 <= ttlMs) return stopBeforeMs
  throw new Failure(
    exitCodes.usage,
    `--stop-before ${stopBefore} must be at most half of --ttl (${shortDuration(ttlMs)}): ` +
      'otherwise one late renewal would stop the command. Ask for a longer --ttl.',
  )
}

/**
 * At least `--stop-before`: a store may free the lock of a killed process at once, and an eviction does so everywhere.
 * The delay is the time in which the command of such a run is being stopped; one that needs longer than the longest
 * delay is killed when it ends.
 */
export function lockDelayMs({ lockDelayMs: asked, stopBeforeMs }: RunSettings, { unsupported }: Facts): number {
  return unsupported.lockDelay === undefined ? Math.max(asked, Math.min(stopBeforeMs, LOCK_DELAY_MS_MAX)) : asked
}

function namesOf(name: string | undefined, { name: names = [] }: RunCommandOptions): RunSettings['names'] {
  if (name !== undefined && names.length > 0) {
    throw new Failure(
      exitCodes.usage,
      `--name stands in the place of ${JSON.stringify(name)}: write --name before it too`,
    )
  }
  const [first, ...others] = name === undefined ? names : [name]
  if (first === undefined) {
    throw new Failure(exitCodes.usage, 'the name of a lock is missing: NAME, or --name NAME for each of several')
  }
  return [first, ...others]
}

function modeOf(names: RunSettings['names'], { shared, exclusive, permits }: RunCommandOptions): RunSettings['mode'] {
  const kinds = [shared && '--shared', exclusive && '--exclusive', permits !== undefined && '--permits']
  const [kind, another] = kinds.filter((each) => typeof each === 'string')
  if (another !== undefined) throw new Failure(exitCodes.usage, `${kind} and ${another} exclude each other`)
  if (kind !== undefined && names.length > 1) {
    throw new Failure(exitCodes.usage, `${kind} is for one name: several names are locks that one run holds alone`)
  }
  if (shared === true) return 'shared'
  return exclusive === true ? 'exclusive' : 'plain'
}

function permitsOf({ permits, take }: RunCommandOptions): Pick<RunSettings, 'permits' | 'take'> {
  if (permits === undefined && take !== undefined) {
    throw new Failure(exitCodes.usage, '--take is for --permits: it says how many of them')
  }
  const all = permits === undefined ? undefined : wholeOption('--permits', permits, CAPACITY_MAX)
  return { permits: all, take: take === undefined ? 1 : wholeOption('--take', take, all ?? CAPACITY_MAX) }
}

function wholeOption(option: string, text: string, max: number): number {
  if (/^\d{1,7}$/.test(text) && Number(text) >= 1 && Number(text) <= max) return Number(text)
  throw new Failure(exitCodes.usage, `${option} must be a number from 1 to ${max}; got ${JSON.stringify(text)}`)
}

function exitCodeOption(option: string, text: string): number {
  if (/^\d{1,3}$/.test(text) && Number(text) <= 255) return Number(text)
  throw new Failure(exitCodes.usage, `${option} must be a number from 0 to 255; got ${JSON.stringify(text)}`)
}
