/** The file format: what identifies it, its tables, and every statement that runs on it. */

/** `hold` in ASCII: `file(1)` and SQLite itself can tell a lock file from any other database. */
export const APPLICATION_ID = 0x686f6c64
/**
 * Raised by a change that an older version of this library could not work with. Format 1 has the same tables, but took a
 * boot id that it did not know for a restart, which ended all claims.
 */
export const SCHEMA_VERSION = 2

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
`

/** Whether a database is ours, from a newer version of us, empty, or another program's. */
export const IDENTIFY = `
  SELECT (SELECT application_id FROM pragma_application_id) AS application,
    (SELECT user_version FROM pragma_user_version) AS version,
    (SELECT count(*) FROM sqlite_schema) AS objects`

export const READ_FILE = 'SELECT epoch, generation, floor, ceiling FROM file'
export const CREATE_FILE = 'INSERT INTO file VALUES (1, ?, 1, ?, ?)'
export const SET_VERSION: string = `PRAGMA user_version = ${SCHEMA_VERSION}`
export const WRITE_FILE = 'UPDATE file SET epoch = ?, generation = ?, floor = ?, ceiling = ?'

export const READ_LINE = 'SELECT generation, token, record FROM line WHERE resource = ?'
export const WRITE_LINE = `
  INSERT INTO line VALUES (?, ?, ?, ?)
  ON CONFLICT (resource) DO UPDATE SET generation = excluded.generation, token = excluded.token, record = excluded.record`
/** The line, if it is still as it was. */
export const SWAP_LINE = `
  UPDATE line SET token = ?, record = ? WHERE resource = ? AND generation = ? AND token = ? AND record = ?`
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
export const LINES_IN_USE = "SELECT resource, token, record FROM line WHERE record <> ''"
export const REWRITE_LINE = 'UPDATE line SET generation = ?, record = ? WHERE resource = ?'
export const RAISE_FLOOR = 'UPDATE file SET floor = max(floor, ?)'

export const HIGHEST_TOKEN = 'SELECT max((SELECT max(token) FROM line), floor) AS highest FROM file'
export const RAISE_LINES = 'UPDATE line SET token = max(token, ?)'
export const RAISE_FILE = 'UPDATE file SET floor = max(floor, ?1), ceiling = max(ceiling, ?2)'
/** Also the claims that are over go: their tokens are above the new ones. */
export const LOWER_LINES = "UPDATE line SET token = min(token, ?), record = ''"
export const LOWER_FILE = 'UPDATE file SET floor = min(floor, ?1), ceiling = ?2'
export const OWN_LINES_IN_USE = `
  SELECT line.generation = file.generation AS isOwn, token, record FROM line, file WHERE record <> ''`
