/** The statements of schema.ts, prepared once. Whole numbers come back as `bigint`: tokens need 64 bits. */
import type { DatabaseSync, StatementSync } from './client.ts'
import * as wire from './schema.ts'

export interface LineRow {
  readonly resource: string
  readonly generation: bigint
  readonly token: bigint
  readonly record: string
}

/** The statement of a text. Each text is prepared once, when it is asked for first. */
export type Prepare = (sql: string) => StatementSync

export function preparing(database: DatabaseSync): Prepare {
  const prepared = new Map<string, StatementSync>()
  return (sql) => {
    let statement = prepared.get(sql)
    if (statement === undefined) {
      prepared.set(sql, (statement = database.prepare(sql)))
      statement.setReadBigInts(true)
    }
    return statement
  }
}

/** With all of them prepared at once: a connection is open for as long as the last of its statements (open.ts). */
export function statementsOf(database: DatabaseSync): Prepare {
  const prepare = preparing(database)
  for (const sql of Object.values(wire)) if (isStatement(sql)) prepare(sql)
  return prepare
}

function isStatement(sql: string | number): sql is string {
  return typeof sql === 'string' && /^\s*(?:BEGIN|COMMIT|SELECT|INSERT|UPDATE|DELETE)\b/.test(sql)
}
