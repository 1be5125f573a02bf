/**
 * Opening a lock file: refuses what is not one before touching it, creates the tables, and makes sure that tokens go
 * on rising after a restart of the machine.
 */
import { NotApplied } from '../../store/errors.ts'
import { TOKEN_MAX } from '../../store/limits.ts'
import type { DatabaseSync, OpenDatabase } from './client.ts'
import { engineError, resultCode, SQLITE, unavailable } from './errors.ts'
import { WALL_EPOCH } from './process-identity.ts'
import { type FileIdentity, identify, prepareFile } from './path.ts'
import { APPLICATION_ID, CREATE, CREATE_FILE, IDENTIFY, READ_FILE, SCHEMA_VERSION, WRITE_FILE } from './schema.ts'

export interface OpenSettings {
  readonly path: string
  /** Only the default folder is made. */
  readonly makeFolder: boolean
  readonly durability: 'normal' | 'full'
  readonly epoch: string
  readonly openDatabase: OpenDatabase
  /** Tokens start above this one: what this process saw in a file that was replaced. */
  readonly floor: bigint
  readonly tokenScaleUs: bigint
}

export interface OpenedFile {
  readonly database: DatabaseSync
  /** Symlinks resolved. */
  readonly path: string
  readonly identity: FileIdentity
  readonly generation: bigint
  readonly ceiling: bigint
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
  const path = prepareFile(settings.path, settings.makeFolder)
  const before = identify(path)
  if (before === undefined) throw new NotApplied(`the lock file ${path} was removed while it was being opened`)
  if (before.bytes > 0) refuseForeign(path, settings.openDatabase)
  let database: DatabaseSync | undefined
  try {
    database = settings.openDatabase(path, { readOnly: false, busyMs: OPEN_BUSY_MS })
    const row = adopt(database, path, settings)
    const mode = database.prepare('PRAGMA journal_mode = WAL').get()
    if (mode?.['journal_mode'] !== 'wal')
      throw unavailable(path, 'cannot be used by several processes: its file system lacks shared memory')
    database.exec(`PRAGMA synchronous = ${settings.durability}; PRAGMA busy_timeout = 0; PRAGMA cell_size_check = ON`)
    const identity = identify(path)
    if (identity?.inode !== before.inode || identity.device !== before.device) {
      throw new NotApplied(`the lock file ${path} was replaced while it was being opened`)
    }
    return { database, path, identity, ...row }
  } catch (error) {
    database?.close()
    throw engineError(error, path, 'step')
  }
}

/** By a connection that cannot write: somebody else's database must not even be checkpointed by us. */
function refuseForeign(path: string, openDatabase: OpenDatabase): void {
  let database: DatabaseSync | undefined
  try {
    database = openDatabase(path, { readOnly: true, busyMs: OPEN_BUSY_MS })
    refuseUnlessOurs(database, path)
  } catch (error) {
    // Not readable without writing, such as after a crash in the very moment of its creation: the next look can write.
    const code = resultCode(error)
    if (code !== SQLITE.READONLY && code !== SQLITE.CANTOPEN) throw engineError(error, path, 'step')
  } finally {
    database?.close()
  }
}

/** Answers whether there are no tables yet. */
function refuseUnlessOurs(database: DatabaseSync, path: string): boolean {
  const { application, version, objects } = database.prepare(IDENTIFY).get() ?? {}
  if (application === APPLICATION_ID) {
    if (version === SCHEMA_VERSION) return false
    throw unavailable(
      path,
      `has format ${String(version)}, this version of Holdfast knows format ${SCHEMA_VERSION}: ` +
        'upgrade it to the version that the other users of the file have, or choose another path',
    )
  }
  if (application === 0 && version === 0 && objects === 0) return true
  throw unavailable(path, 'is the database of another program, and was left as it is: choose a path of its own')
}

/** One durable transaction: tables for a new file, and a new generation after a restart of the machine. */
function adopt(
  database: DatabaseSync,
  path: string,
  settings: OpenSettings,
): Omit<OpenedFile, 'database' | 'path' | 'identity'> {
  const { epoch, tokenScaleUs, floor } = settings
  database.exec('PRAGMA trusted_schema = OFF; PRAGMA synchronous = FULL')
  database.exec('BEGIN IMMEDIATE')
  if (refuseUnlessOurs(database, path)) {
    database.exec(CREATE)
    database.prepare(CREATE_FILE).run(epoch, floor, ceilingAbove(tokenScaleUs, floor))
  }
  const read = database.prepare(READ_FILE)
  read.setReadBigInts(true)
  const row = read.get() as unknown as FileRow | undefined
  if (row === undefined) throw unavailable(path, 'is damaged: delete it together with its -wal and -shm files')
  const restarted = row.epoch !== epoch
  if (restarted) refuseUnknownRestart(path, row.epoch, epoch)
  const next = {
    generation: restarted ? row.generation + 1n : row.generation,
    floor: greatest(row.floor, floor, restarted ? row.ceiling : 0n),
    ceiling: row.ceiling,
  }
  if (restarted || next.floor > row.floor || tokenScaleUs + CEILING_RESERVE_US > row.ceiling) {
    next.ceiling = greatest(row.ceiling, ceilingAbove(tokenScaleUs, next.floor))
    database.prepare(WRITE_FILE).run(epoch, next.generation, next.floor, next.ceiling)
  }
  database.exec('COMMIT')
  return { generation: next.generation, ceiling: next.ceiling }
}

/** Between a boot id and none, a restart cannot be told from a process of the same machine that sees less of it. */
function refuseUnknownRestart(path: string, before: string, now: string): void {
  if (before !== WALL_EPOCH && now !== WALL_EPOCH) return
  const words =
    now === WALL_EPOCH
      ? 'can see restarts of the machine, and this one cannot'
      : 'cannot see restarts of the machine, and this one can'
  throw unavailable(
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
