/** The statements of opening a file and of moving its tokens: rare, and so not prepared with those of schema.ts. */

/** Whether a database is ours, from a newer version of us, empty, or another program's. */
export const IDENTIFY = `
  SELECT (SELECT application_id FROM pragma_application_id) AS application,
    (SELECT user_version FROM pragma_user_version) AS version,
    (SELECT count(*) FROM sqlite_schema) AS objects`
export const CREATE_FILE = 'INSERT INTO file VALUES (1, ?, 1, ?, ?)'
export const LINES_IN_USE = "SELECT resource, token, record FROM line WHERE record <> ''"
export const REWRITE_LINE = 'UPDATE line SET generation = ?, record = ? WHERE resource = ?'
export const HIGHEST_TOKEN = 'SELECT max((SELECT max(token) FROM line), floor) AS highest FROM file'
export const RAISE_LINES = 'UPDATE line SET token = max(token, ?)'
export const RAISE_FILE = 'UPDATE file SET floor = max(floor, ?1), ceiling = max(ceiling, ?2)'
/** Also the claims that are over go: their tokens are above the new ones. */
export const LOWER_LINES = "UPDATE line SET token = min(token, ?), record = ''"
export const LOWER_FILE = 'UPDATE file SET floor = min(floor, ?1), ceiling = ?2'
export const OWN_LINES_IN_USE = `
  SELECT line.generation = file.generation AS isOwn, token, record FROM line, file WHERE record <> ''`
/** By another clock nobody can say that a place is over. */
export const WAITERS_IN_USE = `
  SELECT count(*) AS count FROM waiter JOIN line USING (resource), file
  WHERE ends > ? OR line.generation <> file.generation`
export const REMOVE_ALL_WAITERS = 'DELETE FROM waiter'
export const RESTART_ALL_WAITERS = 'UPDATE waiter SET ends = ?'
