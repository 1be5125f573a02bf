/**
 * The statements that move the scale of tokens. The row of the base is their lock: whoever makes a line shares it until the line is
 * committed, so that no right to lock tables is needed.
 */
import type { SqlConnection } from '../sql/driver.ts'
import { BASE_KEY, BASE_PAGE, type BaseStatements } from '../sql/rebase.ts'
import { bytes, startVersion, whole } from './literals.ts'

export const CLOCK_US = "TIMESTAMPDIFF(MICROSECOND, TIMESTAMP'1970-01-01 00:00:00', UTC_TIMESTAMP(6))"

const KEY = bytes(BASE_KEY)

/** A row that is not there cannot be locked, so each table has it before lines are made in it. */
export async function withBase(connection: SqlConnection, table: string): Promise<void> {
  const [row] = await connection.query(`SELECT token FROM ${table} WHERE resource = ${KEY}`)
  if (row !== undefined) return
  await connection.query(
    `INSERT IGNORE INTO ${table} (resource, version, token, claims) VALUES (${KEY}, ${startVersion()}, 0, X'')`,
  )
}

/** Makes a line of these values, where they hold beside the base `b`, which is shared until the line is committed. */
export function lineBeside(table: string, values: string, condition = 'TRUE'): string {
  return `INSERT IGNORE INTO ${table} (resource, version, token, claims)
    SELECT ${values} FROM (SELECT 1 AS one) AS one LEFT JOIN ${table} AS b ON b.resource = ${KEY}
    WHERE ${condition} LOCK IN SHARE MODE`
}

/** The base for a line that is made, as it stands in `lineBeside`. */
export const BASE = 'COALESCE(b.token, 0)'

export function baseStatements(table: string): BaseStatements {
  const look = `SELECT COALESCE(MAX(token), 0) AS highest FROM ${table}`
  const put = (token: bigint): string =>
    `INSERT INTO ${table} (resource, version, token, claims) VALUES (${KEY}, ${startVersion()}, ${whole(token)}, X'')
      ON DUPLICATE KEY UPDATE version = version + 1`
  return {
    look,
    // The base first, which keeps new lines out, and then each line.
    begin: `START TRANSACTION; ${put(0n)}; ${look} FOR UPDATE`,
    page: (after) => `SELECT resource, version, token, claims, ${CLOCK_US} AS now FROM ${table}
      WHERE claims <> X'' AND resource > ${bytes(after)} ORDER BY resource LIMIT ${BASE_PAGE}`,
    move: (to, isDown) =>
      `UPDATE ${table} SET version = version + 1, token = ${whole(to)}${isDown ? '' : ` WHERE token < ${whole(to)}`};
      ${put(to)}, token = ${whole(to)}`,
  }
}
