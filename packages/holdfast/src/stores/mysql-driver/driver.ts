/** What the store asks of a driver of MySQL: the user's pool, and two connections of its own beside it. */
import type { ConnectionSource } from '../sql/driver.ts'

export interface MysqlDriver {
  readonly asks: ConnectionSource
  /** One connection, for renewals and leaves. */
  readonly keeps: ConnectionSource
  /** One connection, for steps that lock a row over two requests. */
  readonly locks: ConnectionSource
  /** Ends what is ours of it. */
  close(): Promise<void>
}

/** Called when a connection of our own was made. */
export type OnMade = () => void

/** The user's pool is asked by enter and look alone; a URL's is our own. */
export const OWN_POOL_MAX = 8

/** Longer than a stopped process may keep a row locked, and shorter than an answer is waited for. */
const LOCK_LIMIT_SECONDS = 4

/** What our own connections are told first, whatever the server's defaults are. */
export const SESSION: readonly string[] = [
  'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
  `SET SESSION autocommit = 1, innodb_lock_wait_timeout = ${LOCK_LIMIT_SECONDS}`,
]

/** Its rows as text, or `undefined` for what changes something and has none. */
export type TextRows = readonly Readonly<Record<string, string | null>>[]

/** What a statement without rows changed, as a row, and the number that it left with LAST_INSERT_ID. */
export function rowsOf(result: unknown): TextRows {
  if (Array.isArray(result)) return result as TextRows
  const { affectedRows = 0, insertId = 0 } = result as { readonly affectedRows?: number; readonly insertId?: unknown }
  return [{ changed: String(affectedRows), left: String(insertId) }]
}

/** Of one statement or several, those that return rows. */
export function rowsOfEach(results: unknown): readonly TextRows[] {
  if (!Array.isArray(results)) return []
  const [first] = results as readonly unknown[]
  const isOne = first === undefined || !(Array.isArray(first) || isChange(first))
  return isOne ? [results as TextRows] : results.filter((result): result is TextRows => Array.isArray(result))
}

function isChange(result: unknown): boolean {
  return typeof result === 'object' && result !== null && 'affectedRows' in result
}
