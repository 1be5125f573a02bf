/** Every exit code of the command in one table, from which --help prints; scripts rely on it, so a number never changes its meaning. */
import { HoldfastError, type ErrorCode } from 'holdfast'

export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  free: 3,
  storeUnavailable: 69,
  notObtained: 75,
  leaseLost: 76,
  notExecutable: 126,
  notFound: 127,
} as const

/** For --help; docs/cli.md has the same rows. */
export const exitCodeRows: readonly (readonly [code: string, meaning: string])[] = [
  ['0', 'done; for run: the command ended with 0'],
  ['N', "run: the command's own exit code, 128+n when signal n ended it"],
  [
    '1',
    'something else failed; evict: that token no longer holds the lock; check: it is gone; doctor: it found a problem; once: the key is interrupted',
  ],
  ['2', 'wrong usage, a run inside a run of the same name, or no store: a user without a home folder'],
  ['3', 'inspect, ls with --exit-code: nobody holds it'],
  ['69', 'the store cannot be reached or did not answer'],
  ['75', 'the lock was not obtained in time (--conflict-exit-code)'],
  ['76', 'the lease was lost: the command was stopped, or ended too late'],
  ['126', 'the command cannot be executed'],
  ['127', 'the command was not found'],
  ['128+n', 'signal n ended the wait for the lock, or the watch; Ctrl-C is 130'],
]

const byErrorCode: Partial<Record<ErrorCode, number>> = {
  MISUSE: exitCodes.usage,
  UNSUPPORTED: exitCodes.usage,
  WAIT_TIMEOUT: exitCodes.notObtained,
  LEASE_LOST: exitCodes.leaseLost,
  STORE_UNAVAILABLE: exitCodes.storeUnavailable,
  OUTCOME_UNKNOWN: exitCodes.storeUnavailable,
}

/** An end that the command itself decided on: the message is for people, the code for scripts. */
export class Failure extends Error {
  readonly exitCode: number
  constructor(exitCode: number, message: string) {
    super(message)
    this.name = 'Failure'
    this.exitCode = exitCode
  }
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof Failure) return error.exitCode
  if (error instanceof HoldfastError) return byErrorCode[error.code] ?? exitCodes.failed
  return exitCodes.failed
}
