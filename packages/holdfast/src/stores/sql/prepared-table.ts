/** The one table: found, or made where it is missing, also by several programs in one moment. */
import { StoreUnavailable } from '../../store/errors.ts'
import type { SqlConnection, SqlPool } from './driver.ts'

export interface TableForm<Findings> {
  /** As it stands in a statement. */
  readonly quoted: string
  /** Make it, and may be carried out again. */
  readonly statements: readonly string[]
  /** `undefined` where there is none; throws when something else stands in its place. */
  find(connection: SqlConnection): Promise<Findings | undefined>
  /** What two programs that make the same thing in one moment are told. */
  isMadeMeanwhile(error: unknown): boolean
}

/** Throws when something else stands there, or when the table may not be made. */
export async function preparedTable<Findings>(pool: SqlPool, form: TableForm<Findings>): Promise<Findings> {
  const found = await pool.use('opening', form.find)
  if (found !== undefined) return found
  await pool.use('making the table', async (connection) => {
    for (const statement of form.statements) {
      await connection.query(statement).catch((error: unknown) => {
        if (!form.isMadeMeanwhile(error)) throw error
      })
    }
  })
  const made = await pool.use('opening', form.find)
  if (made === undefined) throw new StoreUnavailable(`opening: the table ${form.quoted} went away while it was made`)
  return made
}
