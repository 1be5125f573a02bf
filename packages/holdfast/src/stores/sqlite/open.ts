/**
 * Opening a lock file for change: refuses what is not one before touching it, creates the tables, and makes sure that
 * tokens go on rising and living claims go on holding when the machine was started anew.
 */
import { NotApplied, type StoreUnavailable } from '../../store/errors.ts'
import { CLOCK_TRUSTED_FROM_MS, TOKEN_MAX } from '../../store/limits.ts'
import { TokenScale } from '../../line/token-scale.ts'
import type { Moment } from '../../line/transition.ts'
import type { Stamp } from '../../time/clock.ts'
import type { DatabaseSync, OpenDatabase } from './client.ts'
import {
  beganTogether,
  type ClockEpoch,
  decodeEpoch,
  encodeEpoch,
  isSameClock,
  isUnlike,
  scaleStartIn,
} from './epoch.ts'
import { engineError, resultCode, SQLITE, unavailable } from './errors.ts'
import { FileIdentity } from './file-identity.ts'
import { releaseRemoved } from './file-users.ts'
import { type Format, formatOf } from './format.ts'
import { WALL_EPOCH } from './process-identity.ts'
import { type PathRules, prepareFile } from './path.ts'
import { CREATE_FILE } from './rare-statements.ts'
import { CREATE, CREATE_WAITERS, READ_FILE, SET_VERSION, WRITE_FILE } from './schema.ts'
import { type Prepare, preparing, statementsOf } from './statements.ts'
import { refuseStrangers } from './strangers.ts'
import { translateAll } from './translation.ts'

export interface OpenSettings extends PathRules {
  readonly durability: 'normal' | 'full'
  readonly epoch: ClockEpoch
  readonly now: Moment
  readonly openDatabase: OpenDatabase
  /** For the identity of the files alone. */
  readonly monotonicMs: () => number
  /** Tokens start above this one: what this process saw in a file that was replaced. */
  readonly floor: bigint
}

export interface OpenedFile {
  readonly database: DatabaseSync
  readonly sql: Prepare
  /** Symlinks resolved. */
  readonly path: string
  readonly identity: FileIdentity
  readonly generation: bigint
  readonly ceiling: bigint
  /** Both clocks at a moment from which the scale of tokens is measured; none where no clock is surer than the wall clock. */
  readonly scaleReference: Stamp | undefined
  close(): void
}

/** Of the one row of the table `file`. */
export interface FileRow {
  readonly epoch: string
  readonly generation: bigint
  readonly floor: bigint
  readonly ceiling: bigint
}

/**
 * Tokens are given only below a ceiling that is on the disk for certain. A power cut may undo the last commits, and
 * with them the knowledge of the last tokens; nothing that was given can be above the ceiling. It is this far ahead of
 * the clock, so that it costs a flush to the disk in minutes and not one in every grant.
 */
export const CEILING_AHEAD_US: bigint = 600_000_000n
/** With less than this left it is raised in passing, before anybody has to wait for it. */
export const CEILING_RESERVE_US: bigint = 300_000_000n
/** Others may be opening as well. Short, because waiting inside SQLite blocks the event loop; core asks again for longer. */
const OPEN_BUSY_MS = 50

export function openFile(settings: OpenSettings): OpenedFile {
  const { openDatabase, durability, isTrusted } = settings
  const path = prepareFile(settings)
  releaseRemoved(path)
  const keepers: DatabaseSync[] = []
  let database: DatabaseSync | undefined
  const close = (): void => {
    database?.close()
    for (const keeper of keepers.splice(0)) keeper.close()
    database = undefined
  }
  try {
    keepers.push(...keeper(path, openDatabase))
    database = openDatabase(path, { readOnly: false, busyMs: OPEN_BUSY_MS })
    const row = adopt(database, path, settings)
    const mode = database.prepare('PRAGMA journal_mode = WAL').get()
    if (mode?.['journal_mode'] !== 'wal')
      throw unavailable(path, 'cannot be used by several processes: its file system lacks shared memory')
    database.exec(`PRAGMA synchronous = ${durability}; PRAGMA busy_timeout = 0; PRAGMA cell_size_check = ON`)
    const sql = statementsOf(database)
    keepers.push(...keeper(path, openDatabase))
    // Only now the first one, too, keeps a WAL that did not exist when it was opened.
    for (const each of keepers) formatOf(each, path)
    const identity = FileIdentity.of(settings.path, path, settings.monotonicMs)
    if (identity === undefined) throw new NotApplied(`the lock file ${path} was replaced while it was being opened`)
    // What SQLite has made or found beside the file by now.
    refuseStrangers(path, isTrusted)
    return { database, sql, path, identity, ...row, close }
  } catch (error) {
    close()
    throw engineError(error, path, 'step')
  }
}

/**
 * A connection that can only read, and is open for longer than the one that writes. The last connection of all that could
 * write removes the -wal when it closes, and SQLite can be wrong about being the last: a process that reads or copies the
 * lock file drops its own locks (docs/sqlite.md). One is opened before and one after the writing connection, because a
 * process that ends without closing the store closes them in the order in which they were opened, or in the opposite one.
 *
 * The first one comes before anything is written as well: somebody else's database must not even be checkpointed by us.
 */
function keeper(path: string, openDatabase: OpenDatabase): readonly DatabaseSync[] {
  let database: DatabaseSync | undefined
  try {
    database = openDatabase(path, { readOnly: true, busyMs: OPEN_BUSY_MS })
    formatOf(database, path)
    return [database]
  } catch (error) {
    database?.close()
    // Not readable without writing, such as after a crash in the very moment of its creation: the next look can write.
    const code = resultCode(error)
    if (code === SQLITE.READONLY || code === SQLITE.CANTOPEN) return []
    throw error
  }
}

/** One durable transaction: tables for a new file, and a new generation when its moments are of another clock. */
function adopt(
  database: DatabaseSync,
  path: string,
  settings: OpenSettings,
): Pick<OpenedFile, 'generation' | 'ceiling' | 'scaleReference'> {
  const { floor } = settings
  database.exec('PRAGMA trusted_schema = OFF; PRAGMA synchronous = FULL')
  database.exec('BEGIN IMMEDIATE')
  const format = formatOf(database, path)
  if (format === 'empty') {
    database.exec(CREATE)
    const epoch = encodeEpoch(settings.epoch, settings.epoch.startedAtMs)
    database.prepare(CREATE_FILE).run(epoch, floor, ceilingAbove(settings.now.tokenScaleUs, floor))
  } else if (format !== 'ours') database.exec(CREATE_WAITERS + SET_VERSION)
  const prepare = preparing(database)
  const row = prepare(READ_FILE).get() as unknown as FileRow | undefined
  if (row === undefined) throw unavailable(path, 'is damaged: delete it together with its -wal and -shm files')
  const isOtherClock = mustTranslate(path, row, format, settings.epoch)
  const scaleStartMs = scaleStartOf(row, isOtherClock, settings)
  const scaleReference = referenceOf(scaleStartMs, settings)
  const now = { ...settings.now, tokenScaleUs: scaleOf(scaleReference, settings) }
  const next = {
    generation: isOtherClock ? row.generation + 1n : row.generation,
    floor: greatest(row.floor, floor, isOtherClock ? row.ceiling : 0n),
    ceiling: row.ceiling,
  }
  const isBehind = next.floor > row.floor || now.tokenScaleUs + CEILING_RESERVE_US > row.ceiling
  const epoch = encodeEpoch(settings.epoch, scaleStartMs)
  if (isOtherClock || isBehind || hasMoved(row, settings.epoch) || scaleStartIn(row.epoch) !== scaleStartMs) {
    next.ceiling = greatest(row.ceiling, ceilingAbove(now.tokenScaleUs, next.floor))
    prepare(WRITE_FILE).run(epoch, next.generation, next.floor, next.ceiling)
  }
  if (isOtherClock) translateAll(prepare, next.generation, now)
  database.exec('COMMIT')
  return { generation: next.generation, ceiling: next.ceiling, scaleReference }
}

/** What this clock showed when it was first seen, unless that was a date from before it had learned the date. */
function scaleStartOf({ epoch }: FileRow, isOtherClock: boolean, { epoch: own, now }: OpenSettings): number {
  const before = isOtherClock ? undefined : scaleStartIn(epoch)
  return before === undefined || before + now.nowMs < CLOCK_TRUSTED_FROM_MS ? own.startedAtMs : before
}

/** Where the clock that judges expiry is the wall clock, there is none beside it. */
function referenceOf(scaleStartMs: number, { epoch, now }: OpenSettings): Stamp | undefined {
  return epoch.boot === WALL_EPOCH ? undefined : { monotonicMs: now.nowMs, wallMs: scaleStartMs + now.nowMs }
}

function scaleOf(reference: Stamp | undefined, { epoch, now }: OpenSettings): bigint {
  if (reference === undefined) return now.tokenScaleUs
  return new TokenScale(reference).at({ monotonicMs: now.nowMs, wallMs: epoch.startedAtMs + now.nowMs })
}

/** The processes of format 1 go by their boot id alone: a new generation keeps them out. */
function mustTranslate(path: string, { epoch }: FileRow, format: Format, own: ClockEpoch): boolean {
  const before = decodeEpoch(epoch)
  if (isUnlike(before, own)) throw unlikeClocks(path, own)
  return format === 'format 1' || !isSameClock(before, own)
}

/** Whether the wall clock was set, or the machine suspended: processes with a boot id of their own go by the start. */
function hasMoved({ epoch }: FileRow, own: ClockEpoch): boolean {
  const before = decodeEpoch(epoch)
  return before.boot === own.boot && !beganTogether(before, own)
}

function unlikeClocks(path: string, own: ClockEpoch): StoreUnavailable {
  const words =
    own.boot === WALL_EPOCH
      ? 'can see restarts of the machine, and this one cannot'
      : 'cannot see restarts of the machine, and this one can'
  return unavailable(
    path,
    `is used by processes that ${words} (/proc): make /proc the same for all of them, or give each kind a path of its own`,
  )
}

/** The next ceiling for tokens that follow the clock or run ahead of it. */
export function ceilingAbove(...tokens: readonly bigint[]): bigint {
  const ceiling = greatest(...tokens) + CEILING_AHEAD_US
  return ceiling < TOKEN_MAX ? ceiling : TOKEN_MAX
}

export function greatest(...numbers: readonly bigint[]): bigint {
  return numbers.reduce((one, other) => (one > other ? one : other), 0n)
}
