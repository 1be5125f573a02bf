/** A step on one row under its lock, in two requests: the row is locked and read, then changed and committed. */
import { firstQueryOf } from '../records/crowd.ts'
import type { Notice } from '../records/engine.ts'
import type { LockedStep, StoredReading } from '../records/swap-engine.ts'
import type { SqlConnection, SqlRow } from './driver.ts'
import { type WaiterRows, waitersIn } from './waiter-rows.ts'

type Results = readonly (readonly SqlRow[])[]

export interface RowLock {
  /** Begins a transaction in which the row is locked, and reads it. */
  readonly begin: string
  /** What `begin` read; `undefined` where there is no row yet. */
  readingIn(results: Results): StoredReading | undefined
  /** What changes the row, still within the transaction. */
  change(text: string): string
  /** What tells other processes of it, behind a semicolon. */
  tell?(notices: readonly Notice[]): string
  /** What the session is told when the transaction is over, behind a semicolon. @default nothing */
  readonly after?: string
}

export interface LockedLine {
  readonly key: string
  readonly ids: readonly string[]
  readonly waiters: WaiterRows
}

export interface LockedResult {
  /** What the step threw: then nothing was changed, and the connection is as good as before. */
  readonly threw?: unknown
}

export async function stepLocked(
  connection: SqlConnection,
  { key, ids, waiters }: LockedLine,
  lock: RowLock,
  step: LockedStep,
): Promise<LockedResult> {
  const { after = '' } = lock
  let query = firstQueryOf(ids)
  let results = await connection.script(`${lock.begin}; ${waiters.select(key, query)}`)
  const reading = lock.readingIn(results) ?? {}
  // Ends at the latest when all waiters were read.
  for (;;) {
    let next: ReturnType<LockedStep>
    try {
      next = step({ ...reading, found: waitersIn(results.at(-1) ?? []) }, query)
    } catch (threw) {
      await connection.script(`ROLLBACK${after}`)
      return { threw }
    }
    if (next?.more === undefined) {
      if (next === undefined) await connection.script(`COMMIT${after}`)
      else {
        const { text, changes, notices } = next
        const told = lock.tell?.(notices) ?? ''
        await connection.script(`${lock.change(text)}${waiters.changing(key, changes)}${told}; COMMIT${after}`)
      }
      return {}
    }
    query = next.more
    results = await connection.script(waiters.select(key, query))
  }
}
