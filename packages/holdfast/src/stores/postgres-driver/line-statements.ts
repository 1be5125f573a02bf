/** The texts of the statements that change a line without its lock, on the table of lines. */
import { quotedText } from '../sql/names.ts'
import type { AloneRenewal } from '../sql/record-row.ts'
import { arrayText } from './literals.ts'
import { baseIn, CLOCK_US } from './token-base.ts'

/** A process that is stopped inside its transaction keeps a line locked no longer. */
const IDLE_LIMIT = '3s'
const LOCK_LIMIT = '4s'

/**
 * When the statement came, the same wherever it stands in it: a clock that is read once for two columns costs the planner a
 * third of a pair. It may be older than the lock of the row, and the token rises all the same, above that of the locked row.
 */
const STATEMENT_US = '(extract(epoch FROM statement_timestamp()) * 1000000)::bigint'
const NEXT_TOKEN = `greatest(l.token + 1, least(${STATEMENT_US}, $6::bigint))`

export function madeIn(table: string): string {
  return `INSERT INTO ${table} AS l (resource, version, token, claims)
    SELECT $1, ${CLOCK_US}, $2::bigint, $3 WHERE $2::bigint > ${baseIn(table)}
    ON CONFLICT (resource) DO NOTHING RETURNING l.version`
}

export function swappedIn(table: string): string {
  return `UPDATE ${table} AS l SET version = l.version + 1, token = $2::bigint, claims = $3
    WHERE l.resource = $1 AND l.version = $4::bigint RETURNING l.version`
}

/**
 * Many lines in one statement, given column by column. A row that another transaction has locked is left out: a process that
 * was stopped inside of it must not keep the leases of the other lines from being renewed.
 */
export function renewedIn(table: string): string {
  const ends = `${STATEMENT_US} + a.life_us`
  return `WITH asked AS (SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::text[])
      AS a (resource, version, ends_us, life_us, until_end, after_end)),
    unlocked AS (SELECT l.resource FROM asked AS a JOIN ${table} AS l ON l.resource = a.resource AND l.version = a.version
      FOR NO KEY UPDATE OF l SKIP LOCKED)
    UPDATE ${table} AS l SET version = l.version + 1, claims = a.until_end || (${ends})::text || 'e-3' || a.after_end
    FROM asked AS a JOIN unlocked AS u ON u.resource = a.resource
    WHERE l.resource = a.resource AND l.version = a.version AND ${CLOCK_US} < a.ends_us
    RETURNING l.resource, l.version::text AS version, (${ends})::text AS ends_us`
}

export function swappedBeforeIn(table: string): string {
  return `UPDATE ${table} AS l SET version = l.version + 1, token = $2::bigint, claims = $3
    WHERE l.resource = $1 AND l.version = $4::bigint AND ${CLOCK_US} < $5::bigint RETURNING l.version::text AS version`
}

export function takenIn(table: string): string {
  return `UPDATE ${table} AS l SET version = l.version + 1, token = ${NEXT_TOKEN},
      claims = $2::text || (${STATEMENT_US} + $5::bigint * 1000)::text || 'e-3' || $3::text || (${NEXT_TOKEN})::text || $4::text
    WHERE l.resource = $1 AND l.claims = ''
    RETURNING l.version::text AS version, l.token::text AS token, l.claims`
}

/** The values of `renewedIn`, column by column. */
export function renewalColumns(renewals: readonly AloneRenewal[]): readonly string[] {
  const columns = [
    renewals.map(({ key }) => key),
    renewals.map(({ seen }) => seen),
    renewals.map(({ endsAtMs }) => String(Math.floor(endsAtMs * 1000))),
    renewals.map(({ ttlMs }) => String(Math.ceil(ttlMs * 1000))),
    renewals.map(({ untilEnd }) => untilEnd),
    renewals.map(({ afterEnd }) => afterEnd),
  ]
  return columns.map(arrayText)
}

/** The names of lines with claims that start alike, behind one of them. */
export function listedIn(table: string): string {
  return `SELECT resource FROM ${table}
    WHERE claims <> '' AND resource >= $1 AND resource > $2 AND starts_with(resource, $1) ORDER BY resource LIMIT $3`
}

/** The line, where there is one, and the clock; `beside` joins its rows as `w`. */
export function lookedAt(table: string, beside?: string): string {
  return `SELECT ${CLOCK_US}::text AS now, l.version::text AS version, l.token::text AS token, l.claims${beside === undefined ? '' : ', w.*'}
    FROM (SELECT 1) AS one LEFT JOIN ${table} AS l ON l.resource = $1 ${beside ?? ''}`
}

/** Begins a transaction in which the line is locked, and made where it is missing; answers the line, and the clock. */
export function lockedIn(table: string, key: string): string {
  const resource = quotedText(key)
  return `BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL idle_in_transaction_session_timeout = '${IDLE_LIMIT}';
    SET LOCAL lock_timeout = '${LOCK_LIMIT}';
    INSERT INTO ${table} (resource, version, token, claims) VALUES (${resource}, ${CLOCK_US}, ${baseIn(table)}, '')
      ON CONFLICT (resource) DO NOTHING;
    SELECT version::text AS version, token::text AS token, claims FROM ${table} WHERE resource = ${resource} FOR UPDATE;
    SELECT ${CLOCK_US}::text AS now`
}
