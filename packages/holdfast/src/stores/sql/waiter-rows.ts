/** Waiting claims as rows of a table of their own: a line with many of them keeps them there (docs/protocols/records.md#crowds). */
import type { FoundWaiters, RowQuery, WaiterText } from '../records/crowd.ts'
import { encodeClaim } from '../records/record.ts'
import type { RowChanges } from '../records/thin-line.ts'
import { WAITER_LIFE_MS } from '../../store/limits.ts'
import type { SqlRow } from './driver.ts'

export interface RowDialect {
  /** The table, as it stands in a statement. */
  readonly table: string
  quoted(text: string): string
  /** Ends an INSERT of rows that may be there already: their ends and texts become the new ones. @default ON CONFLICT … */
  readonly orUpdate?: string
}

/** The places of more claims are counted in one walk through the line. */
const COUNTED_ALONE_MAX = 4
const OR_UPDATE = 'ON CONFLICT (resource, sequence) DO UPDATE SET ends_us = excluded.ends_us, text = excluded.text'

export class WaiterRows {
  readonly #dialect: RowDialect

  constructor(dialect: RowDialect) {
    this.#dialect = dialect
  }

  /** The rows that are wanted, by their places, with the columns that `waitersIn` reads. Names and ids come quoted. */
  select(key: string, { window, ids, sweptMs }: RowQuery): string {
    const { table, quoted } = this.#dialect
    const ofLine = `FROM ${table} WHERE resource = ${quoted(key)}`
    const wanted = [`SELECT first.sequence FROM (SELECT sequence ${ofLine} ORDER BY sequence LIMIT ${window}) AS first`]
    if (ids.length > 0) wanted.push(`SELECT sequence ${ofLine} AND id IN (${ids.map(quoted).join(', ')})`)
    const sweptUs = sweptMs === null ? 0 : microseconds(sweptMs)
    if (sweptMs !== null)
      wanted.push(
        `SELECT sequence ${ofLine} AND (ends_us <= ${sweptUs} OR ends_us > ${sweptUs + WAITER_LIFE_MS * 1000})`,
      )
    const nextEnds = sweptMs === null ? 'NULL' : `(SELECT min(ends_us) ${ofLine} AND ends_us > ${sweptUs})`
    const chosen = wanted.join(' UNION ')
    if (ids.length > COUNTED_ALONE_MAX)
      return `SELECT w.sequence, w.ends_us, w.text, ${nextEnds} AS next_us, w.place
        FROM (SELECT sequence, ends_us, text, row_number() OVER (ORDER BY sequence) - 1 AS place ${ofLine}) AS w
        WHERE w.sequence IN (${chosen})`
    return `SELECT w.sequence, w.ends_us, w.text, ${nextEnds} AS next_us,
        (SELECT count(*) ${ofLine} AND sequence < w.sequence) AS place
      FROM (${chosen}) AS wanted
      LEFT JOIN ${table} AS w ON w.resource = ${quoted(key)} AND w.sequence = wanted.sequence`
  }

  /** The statements that change the rows, each behind a semicolon. */
  changing(key: string, { dropped, put }: RowChanges): string {
    const { table, quoted, orUpdate = OR_UPDATE } = this.#dialect
    const resource = quoted(key)
    const statements: string[] = []
    if (dropped.length > 0)
      statements.push(`DELETE FROM ${table} WHERE resource = ${resource} AND sequence IN (${dropped.join(', ')})`)
    if (put.length > 0) {
      const rows = put.map(({ sequence, claim }) => {
        const ends = microseconds(claim.endsAtMs)
        return `(${resource}, ${sequence}, ${quoted(claim.id)}, ${ends}, ${quoted(encodeClaim(claim))})`
      })
      statements.push(
        `INSERT INTO ${table} (resource, sequence, id, ends_us, text) VALUES ${rows.join(', ')} ${orUpdate}`,
      )
    }
    return statements.map((statement) => `; ${statement}`).join('')
  }
}

/** In the order of their places. A row without a sequence stands for none. */
export function waitersIn(rows: readonly SqlRow[]): FoundWaiters {
  const found = rows.flatMap((row): readonly WaiterText[] => {
    if (row['sequence'] === undefined || row['sequence'] === null) return []
    const [sequence, rank, endsAtMs] = [Number(row['sequence']), Number(row['place']), Number(row['ends_us']) / 1000]
    return [{ sequence, rank, endsAtMs, text: row['text'] ?? '' }]
  })
  const next = rows[0]?.['next_us']
  return {
    rows: found.toSorted((one, other) => one.sequence - other.sequence),
    nextEndsAtMs: next === undefined || next === null ? null : Number(next) / 1000,
  }
}

/** Rounded up: a place ends no earlier than was answered. */
function microseconds(ms: number): number {
  return Math.ceil(ms * 1000)
}
