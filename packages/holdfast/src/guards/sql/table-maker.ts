/** Makes a table where it is missing, beside other programs that make the same one. */
import { Misuse } from '../../store/errors.ts'
import { codeIn, type SqlSend } from './session.ts'

export interface TableMaker {
  /** The codes that a program is told whose table was made by another in the same moment. */
  readonly madeMeanwhile: ReadonlySet<string | undefined>
  readonly notAllowed: ReadonlySet<string | undefined>
}

export async function makeTable(
  send: SqlSend,
  statement: string,
  { madeMeanwhile, notAllowed }: TableMaker,
): Promise<void> {
  try {
    await send(statement)
  } catch (error) {
    const code = codeIn(error)
    if (madeMeanwhile.has(code)) return
    if (!notAllowed.has(code)) throw error
    throw new Misuse(`this user may not make the table: let its owner run ${JSON.stringify(statement)}`, {
      cause: error,
    })
  }
}
