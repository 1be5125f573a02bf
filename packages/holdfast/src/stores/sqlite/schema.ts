/** The file format: what identifies it, its tables, and the statements that run on an open file (rare-statements.ts has the others). */

/** `hold` in ASCII: `file(1)` and SQLite itself can tell a lock file from any other database. */
export const APPLICATION_ID = 0x686f6c64
/**
 * Raised by a change that an older version of this library could not work with. Format 2 has no waiters of their own, all
 * claims stand in the records. Format 1 is the same, but took a boot id that it did not know for a restart, which ended all
 * claims.
 */
export const SCHEMA_VERSION = 3

/** Waiters in the order of their line, with the first moment at which their places are over, by the generation of the line. */
export const CREATE_WAITERS = `
  CREATE TABLE waiter (
    resource TEXT NOT NULL, sequence INTEGER NOT NULL, id TEXT NOT NULL, channel TEXT NOT NULL, ends REAL NOT NULL,
    text TEXT NOT NULL, PRIMARY KEY (resource, sequence)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX waiter_id ON waiter (resource, id);`

/**
 * `generation` counts the clocks that the file has seen (epoch.ts): the moments in a row of an older one say nothing any
 * more. `floor` is the highest token of rows that were removed, and `ceiling` the bound below which tokens may be given (open.ts).
 */
export const CREATE: string = `
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${SCHEMA_VERSION};
  CREATE TABLE file (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    epoch TEXT NOT NULL,
    generation INTEGER NOT NULL,
    floor INTEGER NOT NULL,
    ceiling INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE line (
    resource TEXT PRIMARY KEY,
    generation INTEGER NOT NULL,
    token INTEGER NOT NULL,
    record TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  ${CREATE_WAITERS}
`

export const BEGIN = 'BEGIN IMMEDIATE'
/** For those who only look: what they read is of one moment. */
export const BEGIN_LOOK = 'BEGIN'
export const COMMIT = 'COMMIT'

export const READ_FILE = 'SELECT epoch, generation, floor, ceiling FROM file'
export const SET_VERSION: string = `PRAGMA user_version = ${SCHEMA_VERSION}`
export const WRITE_FILE = 'UPDATE file SET epoch = ?, generation = ?, floor = ?, ceiling = ?'

export const READ_LINE = 'SELECT generation, token, record FROM line WHERE resource = ?'
export const WRITE_LINE = `
  INSERT INTO line VALUES (?, ?, ?, ?)
  ON CONFLICT (resource) DO UPDATE SET generation = excluded.generation, token = excluded.token, record = excluded.record`
/** The line, if it is still as it was. */
export const SWAP_LINE = `
  UPDATE line SET token = ?, record = ? WHERE resource = ? AND generation = ? AND token = ? AND record = ?`
/** The first so many, and one more: nearly every step wants no others, and this takes a third of the time of the next text. */
export const READ_FEW_WAITERS = `
  SELECT sequence, ends, text FROM waiter WHERE resource = ?1 AND sequence IN (
    SELECT * FROM (SELECT sequence FROM waiter WHERE resource = ?1 ORDER BY sequence LIMIT ?2)
    UNION ALL SELECT sequence FROM waiter WHERE resource = ?1 AND id = ?3
  ) ORDER BY sequence`
/**
 * The first so many; those of some ids; those that ended, or end too late, when that is asked (?4); and behind what other
 * channels (?6) hold, the first waiter of none of them.
 */
export const READ_WAITERS = `
  SELECT sequence, ends, text,
    (SELECT min(ends) FROM waiter WHERE ?4 IS NOT NULL AND resource = ?1 AND ends > ?4) AS nextEnds
  FROM waiter WHERE resource = ?1 AND sequence IN (
    SELECT * FROM (SELECT sequence FROM waiter WHERE resource = ?1 ORDER BY sequence LIMIT ?2)
    UNION ALL SELECT sequence FROM waiter WHERE resource = ?1 AND id IN (SELECT value FROM json_each(?3))
    UNION ALL SELECT sequence FROM waiter WHERE ?4 IS NOT NULL AND resource = ?1 AND (ends <= ?4 OR ends > ?4 + ?5)
    UNION ALL SELECT * FROM (SELECT sequence FROM waiter WHERE ?6 IS NOT NULL AND resource = ?1
      AND channel NOT IN (SELECT value FROM json_each(?6)) ORDER BY sequence LIMIT 1)
  ) ORDER BY sequence`
export const COUNT_WAITERS = 'SELECT count(*) AS count FROM waiter WHERE resource = ? AND sequence > ? AND sequence < ?'
export const WRITE_WAITER = `
  INSERT INTO waiter (resource, sequence, id, channel, ends, text) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT (resource, sequence) DO UPDATE SET ends = excluded.ends, text = excluded.text`
export const REMOVE_WAITER = 'DELETE FROM waiter WHERE resource = ? AND sequence = ?'
export const REMOVE_WAITERS = 'DELETE FROM waiter WHERE resource = ?'
export const RESTART_WAITERS = 'UPDATE waiter SET ends = ? WHERE resource = ?'

export const REMOVE_LINE = 'DELETE FROM line WHERE resource = ?'
/** One row for many: going through them in JavaScript cost a fifth of a step. */
export const SURVEY_LINES = `
  SELECT max(resource) AS last, count(*) AS count, min(token) AS oldest
  FROM (SELECT resource, token FROM line WHERE resource > ? ORDER BY resource LIMIT ?)`
export const SCAN_LINES =
  'SELECT resource, generation, token, record FROM line WHERE resource > ? ORDER BY resource LIMIT ?'
export const LIST_LINES = `
  SELECT resource, generation, token, record FROM line
  WHERE resource > ? AND resource >= ? AND resource < ? AND record <> '' ORDER BY resource LIMIT ?`
export const RAISE_FLOOR = 'UPDATE file SET floor = max(floor, ?)'
