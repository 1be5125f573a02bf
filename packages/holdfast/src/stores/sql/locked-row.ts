/** A step on one row under its lock, in two requests: the row is locked and read, then changed and committed. */
import type { Notice } from '../records/engine.ts'
import type { LockedStep, StoredReading } from '../records/swap-engine.ts'
import type { SqlConnection, SqlRow } from './driver.ts'

export interface RowLock {
  /** Begins a transaction in which the row is locked, and reads it. */
  readonly begin: string
  /** What `begin` read; `undefined` where there is no row yet. */
  readingIn(results: readonly (readonly SqlRow[])[]): StoredReading | undefined
  /** What changes the row, still within the transaction. */
  change(text: string, notices: readonly Notice[]): string
}

/** What the step threw is returned: then nothing was changed, and the connection is as good as before. */
export async function stepLocked(
  connection: SqlConnection,
  lock: RowLock,
  step: LockedStep,
): Promise<{ readonly threw?: unknown }> {
  const reading = lock.readingIn(await connection.script(lock.begin))
  let next: ReturnType<LockedStep>
  try {
    next = step(reading ?? {})
  } catch (threw) {
    await connection.script('ROLLBACK')
    return { threw }
  }
  await connection.script(next === undefined ? 'COMMIT' : `${lock.change(next.text, next.notices)}; COMMIT`)
  return {}
}
