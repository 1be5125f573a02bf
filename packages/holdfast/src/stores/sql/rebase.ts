/**
 * Moving the scale of all tokens of a table. The base of lines that are yet to come stands in a row of its own. Up is possible
 * at any time; down only while nobody holds or waits, because tokens that were seen would be given again.
 */
import { NotApplied, StoreUnavailable } from '../../store/errors.ts'
import type { TokenScaleView } from '../../store/store.ts'
import { isInUse } from '../records/record-use.ts'
import { decodeText } from '../records/swap-text.ts'
import type { SqlConnection, SqlRow } from './driver.ts'
import { msIn, storedIn } from './record-row.ts'

/** No line has it as its name: each of those is a namespace and a name. */
export const BASE_KEY = ''
/** Lines that are read together. */
export const BASE_PAGE = 500

/** What a dialect writes. */
export interface BaseStatements {
  /** The highest token of the table, as `highest`. */
  readonly look: string
  /** Begins a transaction that keeps writers out: a line that is made meanwhile must find the new base. Then looks. */
  readonly begin: string
  /** The next lines with claims behind a name, whole rows and the clock. */
  page(after: string): string
  /** Puts the lines where they are meant to be, and the base. */
  move(to: bigint, isDown: boolean): string
}

export async function rebased(
  connection: SqlConnection,
  statements: BaseStatements,
  to?: bigint,
): Promise<TokenScaleView> {
  if (to === undefined) return viewOf(await connection.query(statements.look))
  const [rows] = await connection.script(statements.begin)
  const before = viewOf(rows)
  const isDown = to < before.highest
  if (isDown && (await hasClaims(connection, statements))) {
    throw new StoreUnavailable('rebase: the table has claims: its tokens are lowered when nobody holds or waits')
  }
  await connection.script(`${statements.move(to, isDown)}; COMMIT`)
  return before
}

async function hasClaims(connection: SqlConnection, { page }: BaseStatements): Promise<boolean> {
  for (let after = BASE_KEY; ;) {
    const rows = await connection.query(page(after))
    if (rows.some(isHeld)) return true
    const last = rows.at(-1)?.['resource']
    if (rows.length < BASE_PAGE || last === undefined || last === null) return false
    after = last
  }
}

function isHeld(row: SqlRow): boolean {
  const stored = storedIn(row)
  if (stored === undefined) return false
  try {
    return isInUse(decodeText(stored.text, false).record, msIn(row))
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
