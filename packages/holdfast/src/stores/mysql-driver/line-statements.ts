/** The texts of the statements that read the clock of the server, on the table of lines. */
import type { AloneRenewal, HeldText } from '../sql/record-row.ts'
import { bytes, digits, whole } from './literals.ts'
import { CLOCK_US } from './token-base.ts'

/** A change in a session that does not commit by itself would be granted and undone. */
export const COMMITS = '@@autocommit = 1'

interface FreeLine {
  readonly key: string
  readonly held: HeldText
  readonly lifeUs: bigint
  readonly version: string
  readonly roofUs: bigint
}

/** The line, where there is one, the clock, and whether the session commits; `beside` joins its rows as `w`. */
export function lookedAt(table: string, key: string, beside?: string): string {
  return `SELECT ${CLOCK_US} AS now, ${COMMITS} AS commits, l.version AS version, l.token AS token, l.claims AS claims
    ${beside === undefined ? '' : ', w.*'}
    FROM (SELECT 1 AS one) AS one LEFT JOIN ${table} AS l ON l.resource = ${bytes(key)} ${beside ?? ''}`
}

/** Leaves the clock as the number that comes back without rows: it is the token. */
export function takenIn(table: string, { key, held, lifeUs, version, roofUs }: FreeLine): string {
  const [untilEnd, untilToken, rest] = held
  return `UPDATE ${table} SET
    claims = CONCAT(${bytes(untilEnd)}, ${endText(lifeUs)}, ${bytes(untilToken)}, ${digits(CLOCK_US)}, ${bytes(rest)}),
    token = LAST_INSERT_ID(${CLOCK_US}), version = ${version}
    WHERE resource = ${bytes(key)} AND claims = X'' AND ${CLOCK_US} - 1 BETWEEN token AND ${whole(roofUs - 1n)} AND ${COMMITS}`
}

/** Leaves the clock as well: the new end counts from it. */
export function renewedIn(table: string, { key, seen, endsAtMs, ttlMs, untilEnd, afterEnd }: AloneRenewal): string {
  return `UPDATE ${table} SET
    claims = CONCAT(${bytes(untilEnd)}, ${endText(microsecondsOf(ttlMs))}, ${bytes(afterEnd)}),
    version = IF(LAST_INSERT_ID(${CLOCK_US}) > 0, version + 1, 0)
    WHERE resource = ${bytes(key)} AND version = ${whole(seen)} AND ${CLOCK_US} < ${Math.floor(endsAtMs * 1000)} AND ${COMMITS}`
}

export function microsecondsOf(ttlMs: number): bigint {
  return BigInt(Math.ceil(ttlMs * 1000))
}

/** The moment of an end as a claim has it: in milliseconds, by their exponent. */
function endText(lifeUs: bigint): string {
  return `${digits(`${CLOCK_US} + ${lifeUs}`)}, ${bytes('e-3')}`
}
