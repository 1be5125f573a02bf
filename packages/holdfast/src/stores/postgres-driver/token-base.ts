/** The statements that move the scale of tokens. A table lock keeps writers out, which takes no more than the right to update. */
import { quotedText } from '../sql/names.ts'
import { BASE_KEY, BASE_PAGE, type BaseStatements } from '../sql/rebase.ts'

export const CLOCK_US = '(extract(epoch FROM clock_timestamp()) * 1000000)::bigint'

/** The base for a line that is made, as it stands in a statement. */
export function baseIn(table: string): string {
  return `coalesce((SELECT b.token FROM ${table} AS b WHERE b.resource = '${BASE_KEY}'), 0)`
}

export function baseStatements(table: string): BaseStatements {
  const look = `SELECT coalesce(max(token), 0)::text AS highest FROM ${table}`
  return {
    look,
    begin: `BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = '4s'; LOCK TABLE ${table} IN SHARE ROW EXCLUSIVE MODE; ${look}`,
    page: (
      after,
    ) => `SELECT resource, version::text AS version, token::text AS token, claims, ${CLOCK_US}::text AS now FROM ${table}
      WHERE claims <> '' AND resource > ${quotedText(after)} ORDER BY resource LIMIT ${BASE_PAGE}`,
    move: (to, isDown) =>
      `UPDATE ${table} SET version = version + 1, token = ${to}${isDown ? '' : ` WHERE token < ${to}`};
      INSERT INTO ${table} AS l (resource, version, token, claims) VALUES ('${BASE_KEY}', ${CLOCK_US}, ${to}, '')
        ON CONFLICT (resource) DO UPDATE SET version = l.version + 1, token = excluded.token`,
  }
}
