/**
 * What an error of SQLite or of the file system means for the caller, by number and never by text, with the way out. The
 * words of the driver stand at the end of each message, because they name the call and the file.
 */
import { HoldfastError, NotApplied, OutcomeUnknown, StoreUnavailable } from '../../store/errors.ts'

/** Primary result codes (sqlite.org/rescode.html): the low byte of what the driver reports. */
export const SQLITE = {
  PERM: 3,
  BUSY: 5,
  LOCKED: 6,
  NOMEM: 7,
  READONLY: 8,
  IOERR: 10,
  CORRUPT: 11,
  FULL: 13,
  CANTOPEN: 14,
  PROTOCOL: 15,
  SCHEMA: 17,
  NOTADB: 26,
} as const

/** Another connection was at it: nothing happened, and asking again in a moment will do. */
const PASSING: ReadonlySet<number> = new Set([SQLITE.BUSY, SQLITE.LOCKED, SQLITE.PROTOCOL, SQLITE.SCHEMA])

const READ_ONLY =
  'cannot be written by this user: give it write permission to the file and to its folder, or choose another path'
const DAMAGED =
  'is damaged: stop its users and delete it together with its -wal and -shm files. ' +
  'Locks held at that moment are lost; tokens go on rising, because they follow the clock'
const WAYS_OUT: ReadonlyMap<number, string> = new Map([
  [SQLITE.PERM, READ_ONLY],
  [SQLITE.READONLY, READ_ONLY],
  [
    SQLITE.CANTOPEN,
    'cannot be opened: check that this user may read and write the file and create files in its folder',
  ],
  [SQLITE.IOERR, 'cannot be read or written: the disk reports an error, or is full'],
  [SQLITE.FULL, 'cannot grow: the disk is full. Free some space; nothing was changed'],
  [SQLITE.CORRUPT, DAMAGED],
  [SQLITE.NOTADB, 'is not an SQLite database, and was left as it is: choose another path'],
  [SQLITE.NOMEM, 'cannot be used: this process is out of memory'],
])

/**
 * What may pass without anybody changing something: a disk that stumbles, a process or a machine short of memory or of
 * descriptors. Everything else stays as it is until a person changes it.
 */
const MAY_PASS: ReadonlySet<number | string> = new Set<number | string>([
  SQLITE.IOERR,
  SQLITE.NOMEM,
  SQLITE.CANTOPEN,
  'EIO',
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'EAGAIN',
  'EBUSY',
  'EINTR',
  'ESTALE',
  'ETIMEDOUT',
])

/** The primary result code, or `undefined` for anything that is not an error of the driver. */
export function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return undefined
  return error.errcode & 0xff
}

/**
 * The error to throw. `commit` is the one place where it may be unknown whether the change is in the file. An error
 * that is not SQLite's is a defect of ours or already ours, and passes unchanged.
 */
export function engineError(error: unknown, path: string, phase: 'step' | 'commit'): unknown {
  const code = resultCode(error)
  if (code === undefined || error instanceof HoldfastError) return error
  if (PASSING.has(code)) return new NotApplied(`the lock file ${path} is busy${saidBy(error)}`, { cause: error })
  if (phase === 'commit' && code !== SQLITE.FULL) {
    const words = `failed while a change was being committed (SQLite ${code})${saidBy(error)}`
    return new OutcomeUnknown(`the lock file ${path} ${words}`, { cause: error })
  }
  return unavailable(path, WAYS_OUT.get(code) ?? `failed with SQLite error ${code}`, error)
}

/** For what commits nothing. */
export function guarded<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw engineError(error, path, 'step')
  }
}

export function unavailable(path: string, words: string, cause?: unknown): StoreUnavailable {
  const code = resultCode(cause) ?? systemCode(cause)
  const isFinal = code === undefined || !MAY_PASS.has(code)
  return new StoreUnavailable(`the lock file ${path} ${words}${saidBy(cause)}`, { cause, isFinal })
}

function saidBy(cause: unknown): string {
  if (!(cause instanceof Error) || cause instanceof HoldfastError) return ''
  return `. The system said: ${cause.message.replaceAll(/\s+/g, ' ')}`
}

/** For the calls of `node:fs`: the code, or `undefined`. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
