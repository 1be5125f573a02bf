/** The options of `holdfast run`, read and checked before anything is opened or started. */
import type { AcquireOptions, Facts } from 'holdfast'
import type { GlobalOptions } from './context.ts'
import { durationOption } from './duration.ts'
import { exitCodes, Failure } from './exit-codes.ts'

export interface RunCommandOptions extends GlobalOptions {
  readonly shared?: boolean
  readonly exclusive?: boolean
  /** `false` comes from --no-wait. */
  readonly wait: string | false
  readonly ttl: string
  readonly stopBefore?: string
  readonly minHold?: string
  readonly lockDelay?: string
  readonly note?: string
  readonly conflictExitCode: string
}

export interface RunSettings {
  readonly mode: 'plain' | 'shared' | 'exclusive'
  /** Everything that does not depend on the store. */
  readonly acquire: AcquireOptions
  /** Absent when the run does not wait. */
  readonly waitMs: number | undefined
  readonly stopBeforeMs: number
  readonly lockDelayMs: number
  readonly conflictExitCode: number
}

const STOP_BEFORE_MS_DEFAULT = 2_000
const STOP_BEFORE_TTL_SHARE = 1 / 3
/** The library's limit. A command that needs longer to stop is killed when it ends. */
const LOCK_DELAY_MS_MAX = 3_600_000

export function runSettings(options: RunCommandOptions): RunSettings {
  const ttlMs = durationOption('--ttl', options.ttl)
  const stopBeforeMs =
    options.stopBefore === undefined
      ? Math.min(STOP_BEFORE_MS_DEFAULT, Math.floor(ttlMs * STOP_BEFORE_TTL_SHARE))
      : durationOption('--stop-before', options.stopBefore)
  const waitMs = options.wait === false ? undefined : durationOption('--wait', options.wait)
  return {
    mode: modeOf(options),
    waitMs,
    stopBeforeMs,
    lockDelayMs: options.lockDelay === undefined ? 0 : durationOption('--lock-delay', options.lockDelay),
    conflictExitCode: exitCodeOption('--conflict-exit-code', options.conflictExitCode),
    acquire: {
      ttl: ttlMs,
      stopBefore: stopBeforeMs,
      ...(waitMs === undefined ? {} : { wait: waitMs }),
      ...(options.minHold === undefined ? {} : { minHold: durationOption('--min-hold', options.minHold) }),
      ...(options.note === undefined ? {} : { note: options.note }),
    },
  }
}

/**
 * At least `--stop-before`: a store may free the lock of a killed process at once, and an eviction does so everywhere.
 * The delay is the time in which the command of such a run is being stopped.
 */
export function lockDelayMs({ lockDelayMs: asked, stopBeforeMs }: RunSettings, { lacks }: Facts): number {
  return lacks.lockDelay === undefined ? Math.max(asked, Math.min(stopBeforeMs, LOCK_DELAY_MS_MAX)) : asked
}

function modeOf({ shared, exclusive }: RunCommandOptions): RunSettings['mode'] {
  if (shared === true && exclusive === true) {
    throw new Failure(exitCodes.usage, '--shared and --exclusive exclude each other')
  }
  if (shared === true) return 'shared'
  return exclusive === true ? 'exclusive' : 'plain'
}

function exitCodeOption(option: string, text: string): number {
  if (/^\d{1,3}$/.test(text) && Number(text) <= 255) return Number(text)
  throw new Failure(exitCodes.usage, `${option} must be a number from 0 to 255; got ${JSON.stringify(text)}`)
}
