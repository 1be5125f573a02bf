/**
 * Moving the scale of all tokens of a table. The base of lines that are yet to come stands in a row of its own. Up is possible
 * at any time; down only while nobody holds or waits, because tokens that were seen would be given again.
 */
import { isIdle, sweep } from '../../line/transition.ts'
import { NotApplied, StoreUnavailable } from '../../store/errors.ts'
import type { TokenScaleView } from '../../store/store.ts'
import { decodeText } from '../records/swap-text.ts'
import type { SqlConnection, SqlRow } from '../sql/driver.ts'
import { quotedText } from '../sql/names.ts'
import { msIn, storedIn } from '../sql/record-row.ts'
import { CLOCK_US } from './clock.ts'

/** No line has it: each is a namespace and a name. */
export const BASE_KEY = ''
const LOCK_LIMIT = '4s'
const PAGE = 500

/** The base for a line that is made, as it stands in a statement. */
export function baseIn(table: string): string {
  return `coalesce((SELECT b.token FROM ${table} AS b WHERE b.resource = '${BASE_KEY}'), 0)`
}

export async function rebased(connection: SqlConnection, table: string, to?: bigint): Promise<TokenScaleView> {
  const look = `SELECT coalesce(max(token), 0)::text AS highest FROM ${table}`
  if (to === undefined) return viewOf(await connection.query(look))
  // Writers are kept out: a line that is made meanwhile must find the new base.
  const [rows] = await connection.script(
    `BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = '${LOCK_LIMIT}';
    LOCK TABLE ${table} IN SHARE ROW EXCLUSIVE MODE; ${look}`,
  )
  const before = viewOf(rows)
  const isDown = to < before.highest
  if (isDown && (await isInUse(connection, table))) {
    await connection.script('ROLLBACK')
    throw new StoreUnavailable('rebase: the table has claims: its tokens are lowered when nobody holds or waits')
  }
  const moved = isDown ? `claims = ''` : 'claims = l.claims'
  await connection.script(
    `UPDATE ${table} AS l SET version = l.version + 1, token = ${to}, ${moved} WHERE l.token <> ${to}${isDown ? '' : ` AND l.token < ${to}`};
    INSERT INTO ${table} AS l (resource, version, token, claims) VALUES ('${BASE_KEY}', ${CLOCK_US}, ${to}, '')
      ON CONFLICT (resource) DO UPDATE SET version = l.version + 1, token = excluded.token;
    COMMIT`,
  )
  return before
}

/** A claim that is over is in use no more, though its process was never there to end it. */
async function isInUse(connection: SqlConnection, table: string): Promise<boolean> {
  let after = BASE_KEY
  for (;;) {
    const rows = await connection.query(
      `SELECT resource, version::text AS version, token::text AS token, claims, ${CLOCK_US}::text AS now FROM ${table}
      WHERE claims <> '' AND resource > ${quotedText(after)} ORDER BY resource LIMIT ${PAGE}`,
    )
    if (rows.some(isHeld)) return true
    const last = rows.at(-1)?.['resource']
    if (rows.length < PAGE || last === undefined || last === null) return false
    after = last
  }
}

function isHeld(row: SqlRow): boolean {
  const stored = storedIn(row)
  if (stored === undefined) return false
  try {
    const { record } = decodeText(stored.text)
    return !isIdle(sweep(record.line, { nowMs: msIn(row), tokenScaleUs: 0n }))
  } catch (cause) {
    const words = `rebase: the record of ${row['resource'] ?? ''} is damaged, and may be one that somebody holds`
    throw new StoreUnavailable(words, { cause, isFinal: true })
  }
}

function viewOf(rows: readonly SqlRow[] | undefined): TokenScaleView {
  const highest = rows?.[0]?.['highest']
  if (highest === undefined || highest === null) throw new NotApplied('rebase: the table told no highest token')
  return { highest: BigInt(highest) }
}
