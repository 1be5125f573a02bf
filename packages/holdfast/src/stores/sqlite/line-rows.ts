/** Reading the rows of an open lock file: each is decoded once, and its moments are translated where they are of another clock. */
import type { Moment } from '../../line/transition.ts'
import type { LineRecord } from '../records/engine.ts'
import { withoutClaims } from '../records/record.ts'
import { engineError, unavailable } from './errors.ts'
import type { Generation } from './generation.ts'
import type { ReadableLines, StoredEntry } from './look.ts'
import { RecordCache } from './record-cache.ts'
import type { LineRow, Statements } from './statements.ts'
import { translated } from './translation.ts'

export interface Survey {
  /** `null` when there are none. */
  readonly last: string | null
  readonly count: bigint
  readonly oldest: bigint | null
}

export interface LineRowsOptions {
  readonly path: string
  readonly sql: Statements
  readonly generation: Generation
  readonly now: () => Moment
}

export class LineRows implements ReadableLines {
  readonly cache: RecordCache = new RecordCache()
  readonly #path: string
  readonly #sql: Statements
  readonly #generation: Generation
  readonly #now: () => Moment

  constructor({ path, sql, generation, now }: LineRowsOptions) {
    this.#path = path
    this.#sql = sql
    this.#generation = generation
    this.#now = now
  }

  /** As it stands there. */
  row(resource: string): LineRow | undefined {
    return this.#sql.readLine.get(resource) as unknown as LineRow | undefined
  }

  /** Outside of a transaction, for those who only look. The last token is 0 when the line was never used, or forgotten. */
  look(resource: string): LineRecord {
    return this.#guarded(() => {
      const row = this.row(resource)
      return row === undefined ? withoutClaims(0n) : this.#translated({ ...row, resource })
    })
  }

  list(prefix: string, after: string, limit: number): readonly StoredEntry[] {
    return this.#guarded(() => {
      // Encoded names are ASCII: nothing that starts with the prefix sorts behind this.
      const rows = this.#sql.listLines.all(after, prefix, `${prefix}\x7f`, limit) as unknown as readonly LineRow[]
      return rows.map((row) => ({ resource: row.resource, ...this.#translated(row) }))
    })
  }

  /** Some lines in key order, all in all. */
  survey(cursor: string, limit: number): Survey {
    return this.#guarded(() => this.#sql.surveyLines.get(cursor, limit) as unknown as Survey)
  }

  /** Inside a transaction: some lines in key order, whatever they hold. */
  scan(cursor: string, limit: number): readonly StoredEntry[] {
    const rows = this.#sql.scanLines.all(cursor, limit) as unknown as readonly LineRow[]
    return rows.map((row) => ({ resource: row.resource, ...this.#translated(row) }))
  }

  /** By the clock that the row was written under. */
  decoded(resource: string, record: string, lastToken: bigint): LineRecord {
    try {
      return this.cache.decode(resource, record, lastToken)
    } catch (cause) {
      throw unavailable(this.#path, 'is damaged: a line in it cannot be read. Stop its users and delete it', cause)
    }
  }

  #translated(row: LineRow): LineRecord {
    const found = this.decoded(row.resource, row.record, row.token)
    return this.#generation.covers(row.generation) ? found : translated(found, this.#now())
  }

  #guarded<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      throw engineError(error, this.#path, 'step')
    }
  }
}
