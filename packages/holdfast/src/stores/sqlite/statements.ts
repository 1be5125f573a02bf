/** The statements that a lock file is used with, prepared once. Numbers come back as `bigint`: tokens need 64 bits. */
import type { DatabaseSync, StatementSync } from './client.ts'
import * as wire from './schema.ts'

export interface Survey {
  /** `null` when there are none. */
  readonly last: string | null
  readonly count: bigint
  readonly oldest: bigint | null
}

export interface LineRow {
  readonly resource: string
  readonly generation: bigint
  readonly token: bigint
  readonly record: string
}

export interface Statements {
  readonly begin: StatementSync
  readonly commit: StatementSync
  readonly readLine: StatementSync
  readonly writeLine: StatementSync
  readonly swapLine: StatementSync
  readonly removeLine: StatementSync
  readonly surveyLines: StatementSync
  readonly scanLines: StatementSync
  readonly listLines: StatementSync
  readonly readFile: StatementSync
  readonly writeFile: StatementSync
  readonly raiseFloor: StatementSync
}

export function statementsOf(database: DatabaseSync): Statements {
  const prepare = (sql: string): StatementSync => {
    const statement = database.prepare(sql)
    statement.setReadBigInts(true)
    return statement
  }
  return {
    begin: prepare('BEGIN IMMEDIATE'),
    commit: prepare('COMMIT'),
    readLine: prepare(wire.READ_LINE),
    writeLine: prepare(wire.WRITE_LINE),
    swapLine: prepare(wire.SWAP_LINE),
    removeLine: prepare(wire.REMOVE_LINE),
    surveyLines: prepare(wire.SURVEY_LINES),
    scanLines: prepare(wire.SCAN_LINES),
    listLines: prepare(wire.LIST_LINES),
    readFile: prepare(wire.READ_FILE),
    writeFile: prepare(wire.WRITE_FILE),
    raiseFloor: prepare(wire.RAISE_FLOOR),
  }
}
