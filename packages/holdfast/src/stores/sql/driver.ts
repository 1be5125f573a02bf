/** What the SQL stores ask of a driver: rows as text, and connections that are given back. */

/** One row by column; every column is asked for as text, because drivers differ in how they read numbers. */
export type SqlRow = Readonly<Record<string, string | null | undefined>>

export interface SqlConnection {
  /**
   * One statement, outside of any transaction unless `script` began one. `name`: its text is always the same, so that the
   * connection may keep it prepared under this name.
   */
  query(text: string, values?: readonly unknown[], name?: string): Promise<readonly SqlRow[]>
  /** Several statements in one request, without values; the rows of each that returns rows. */
  script(text: string): Promise<readonly (readonly SqlRow[])[]>
}

/** A connection that a pool gave out for one work. */
export interface PooledConnection extends SqlConnection {
  /** Gives up the statement that was not answered; `true` where it was surely not sent, and will not be. @default it may have been */
  withdraw?(): boolean
  /** Given back; with an error when a statement failed by it, or was not answered in time. */
  release(error?: unknown): void
}

export interface ConnectionSource {
  /** One for one work, as soon as there is one. */
  connect(): Promise<PooledConnection>
}

export interface SqlPool {
  /** A connection for this work alone. One whose work threw is not used again. `what` names the work in errors. */
  use<Result>(what: string, work: (connection: SqlConnection) => Promise<Result>): Promise<Result>
}
