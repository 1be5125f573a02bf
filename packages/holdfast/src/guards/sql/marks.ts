/** What a dialect of SQL does with marks: each operation is one or two statements on a connection that it is given. */
import type { Admission } from '../admission.ts'
import type { SqlSend, SqlSession } from './session.ts'

export interface SqlMarks {
  /** Whether `pass` needs no transaction: its statement is one, and commits by itself. */
  readonly passesAlone: boolean
  /** Raises the mark for an exclusive holder, compares it for a shared one: the first statement of a transaction. */
  pass(send: SqlSend, admission: Admission): Promise<void>
  /** The same in a transaction of the caller, of which nothing is known; rejects where a rollback could undo the mark alone. */
  passWithin(tx: SqlSession, admission: Admission): Promise<SqlSend>
  /** Told of a transaction that a guard has opened itself and in which the holder has passed. */
  begun(tx: unknown, send: SqlSend, admission: Admission): Promise<void>
  /** Told when the work in it is over. */
  ended(tx: unknown, send: SqlSend): Promise<void>
  /** Resolves with the mark, unless it is newer. */
  compare(send: SqlSend, admission: Admission): Promise<bigint>
  /** The transaction that is open now, if it is the one in which the holder passed. */
  confirm(send: SqlSend, admission: Admission): Promise<OpenTransaction | undefined>
  /** What became of that transaction, asked on another connection. */
  fateOf(send: SqlSend, id: string): Promise<'aborted' | 'committed' | 'unknown'>
  /** For a fence column. */
  fragments(admission: Admission, column: string): RowFragments
  /** Makes the table where it is missing. */
  make(send: SqlSend): Promise<void>
  isMissingTable(error: unknown): boolean
  /** Whether the database answered that it did not commit; without an answer that is not known. */
  wasRefused(error: unknown): boolean
}

export interface OpenTransaction {
  /** None where nothing was written, or where the database does not tell. */
  readonly id: string | undefined
}

/** `UPDATE seat SET buyer = …, ${set} WHERE id = … AND ${where}`: both are texts without parameters, for any query builder. */
export interface RowFragments {
  /** An assignment for SET. For a shared lease it assigns what is there. */
  readonly set: string
  /** A condition for WHERE. */
  readonly where: string
}
