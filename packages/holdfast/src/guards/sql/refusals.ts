/** What the guards of SQL databases refuse, in words that do not depend on the dialect. */
import { Misuse, Unsupported, WaitTimeout } from '../../store/errors.ts'
import { formatMs } from '../../time/duration.ts'
import type { Fenced } from '../../lease/lease.ts'

export function notEntered(token: bigint): Misuse {
  return new Misuse(
    `token ${token} has not entered: call enter() before you BEGIN. A mark that within() made would be undone alone when a ` +
      'savepoint around it is rolled back, as libraries do that nest transactions, and an older holder would pass',
  )
}

export function endedInside(): Misuse {
  return new Misuse(
    'the transaction of run() was ended inside the work, so what the work wrote after that was not guarded: ' +
      'leave BEGIN, COMMIT and ROLLBACK to run(), nest with SAVEPOINT, and do not go on after an error of the database',
  )
}

export function notOpen(method: string): Misuse {
  return new Misuse(`${method}() needs an open transaction, and keeps its hold until that ends: BEGIN one first`)
}

export function tableMissing(cause: unknown): Misuse {
  return new Misuse(
    'the table of marks is missing, and a transaction of yours cannot make it in passing: call enter() before you BEGIN, or run ' +
      'the text of fenceTableSql() once',
    { cause },
  )
}

export interface LongWait {
  readonly name: string
  readonly waitMs: number
  readonly error: unknown
}

export function tooLong({ name, waitMs, error }: LongWait): WaitTimeout {
  return new WaitTimeout(
    `${name}: another transaction held it for longer than ${formatMs(waitMs)} (wait). Roll back, and try again when that has ended`,
    { resource: name, waitedMs: waitMs, cause: error },
  )
}

/** A reader must not write what others read. */
export function assertWriter({ name, mode }: Fenced): void {
  if (mode !== 'shared') return
  throw new Unsupported(`${name}: a shared lease only reads; take the write lock to put`, { resource: name })
}
