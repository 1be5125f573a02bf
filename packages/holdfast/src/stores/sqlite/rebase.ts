/**
 * Moving the scale of all tokens of a lock file. Up is a transaction like others. Down would give tokens again that
 * processes have in mind, so it is done while this process is the only one that has the file open, and nobody holds.
 */
import { isIdle, type Moment, sweep } from '../../line/transition.ts'
import type { DatabaseSync, OpenDatabase } from './client.ts'
import { engineError, resultCode, SQLITE, unavailable } from './errors.ts'
import { formatOf } from './format.ts'
import { ceilingAbove, greatest } from './open.ts'
import { decodeRecord } from '../records/record.ts'
import * as wire from './rare-statements.ts'
import { type Prepare, preparing } from './statements.ts'

const BUSY_MS = 1_000

export function highestTokenIn(prepare: Prepare): bigint {
  return (prepare(wire.HIGHEST_TOKEN).get()?.['highest'] as bigint | null | undefined) ?? 0n
}

/** Inside a transaction that is flushed to the disk. */
export function raiseTokens(prepare: Prepare, to: bigint): void {
  prepare(wire.RAISE_LINES).run(to)
  prepare(wire.RAISE_FILE).run(to, ceilingAbove(to))
}

/** No store of this process may have the file open. Throws when another process has, or somebody holds or waits. */
export function lowerTokens(path: string, to: bigint, now: Moment, openDatabase: OpenDatabase): void {
  const database = openDatabase(path, { readOnly: false, busyMs: BUSY_MS })
  try {
    formatOf(database, path)
    // SQLite leaves the WAL only when nobody else has the file open, and lets nobody else in meanwhile.
    takeAlone(database, path)
    database.exec('PRAGMA synchronous = FULL; BEGIN EXCLUSIVE')
    if (isInUse(database, now)) throw unavailable(path, 'has claims: its tokens are lowered when nobody holds or waits')
    database.prepare(wire.LOWER_LINES).run(to)
    database.prepare(wire.REMOVE_ALL_WAITERS).run()
    database.prepare(wire.LOWER_FILE).run(to, ceilingAbove(greatest(to, now.tokenScaleUs)))
    database.exec('COMMIT')
  } catch (error) {
    rollback(database)
    throw engineError(error, path, 'step')
  } finally {
    leaveAlone(database)
    database.close()
  }
}

function takeAlone(database: DatabaseSync, path: string): void {
  let mode: unknown
  try {
    mode = database.prepare('PRAGMA journal_mode = DELETE').get()?.['journal_mode']
  } catch (error) {
    const code = resultCode(error)
    if (code !== SQLITE.BUSY && code !== SQLITE.LOCKED) throw error
  }
  if (mode !== 'delete') {
    throw unavailable(path, 'is in use by other processes: stop all of them, because they have its tokens in mind')
  }
}

function isInUse(database: DatabaseSync, now: Moment): boolean {
  const prepare = preparing(database)
  if (prepare(wire.WAITERS_IN_USE).get(now.nowMs)?.['count'] !== 0n) return true
  return prepare(wire.OWN_LINES_IN_USE)
    .all()
    .some(({ isOwn, token, record }) => {
      const { line } = decodeRecord(String(record), token as bigint)
      // By another clock nobody can say that a claim is over.
      return !isIdle(isOwn === 1n ? sweep(line, now) : line)
    })
}

/** The next opening does it as well. */
function leaveAlone(database: DatabaseSync): void {
  try {
    database.exec('PRAGMA journal_mode = WAL')
  } catch {
    // Another process was quicker.
  }
}

function rollback(database: DatabaseSync): void {
  try {
    database.exec('ROLLBACK')
  } catch {
    // No transaction was begun.
  }
}
