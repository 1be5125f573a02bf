/**
 * Marks in MySQL and MariaDB. Nothing there tells whether a savepoint is open, and the rollback of one that was set before InnoDB took
 * part gives up every lock, so marks are made and held in transactions that the guard has opened itself.
 */
import { Misuse } from '../../store/errors.ts'
import type { Admission } from '../admission.ts'
import type { OpenTransaction, RowFragments, SqlMarks } from '../sql/marks.ts'
import { plainName, resourceText } from '../sql/names.ts'
import { PASSED, passText } from './pass-list.ts'
import { notEntered, tooLong } from '../sql/refusals.ts'
import { codeIn, type SqlSend, type SqlSession } from '../sql/session.ts'
import { makeTable, type TableMaker } from '../sql/table-maker.ts'

export const MAKER: TableMaker = {
  madeMeanwhile: new Set(['ER_TABLE_EXISTS_ERROR']),
  notAllowed: new Set(['ER_TABLEACCESS_DENIED_ERROR', 'ER_DBACCESS_DENIED_ERROR']),
}
/** A savepoint is gone when the transaction ended in which it was set. */
const SAVEPOINT = 'holdfast'
const NO_SAVEPOINT = 'ER_SP_DOES_NOT_EXIST'
export const WAITED_TOO_LONG = 'ER_LOCK_WAIT_TIMEOUT'
/** Of a COMMIT: a cluster refused it. */
const REFUSED: ReadonlySet<string | undefined> = new Set(['ER_LOCK_DEADLOCK', WAITED_TOO_LONG])

/** Transactions that a guard has opened and in which a holder has passed, for as long as the work in them goes on. */
const opened = new WeakMap<object, SqlSend>()

/** MariaDB waits no longer than this, in whole seconds; MySQL has no limit for one statement and keeps to its own. */
export function boundedWait(waitMs: number): string {
  return `/*M!100100 SET STATEMENT innodb_lock_wait_timeout=${Math.ceil(waitMs / 1000)} FOR */`
}

export class MysqlMarks implements SqlMarks {
  readonly passesAlone = false
  readonly #table: string
  readonly #waitMs: number
  readonly #tellsTriggers: boolean

  constructor(table: string, waitMs: number, tellsTriggers: boolean) {
    this.#table = table
    this.#waitMs = waitMs
    this.#tellsTriggers = tellsTriggers
  }

  async pass(send: SqlSend, admission: Admission): Promise<void> {
    if (!admission.raises) return void (await this.compare(send, admission))
    const { resource, token } = admission
    await this.#waiting(
      send,
      admission,
      `INSERT INTO ${this.#table} (resource, token) VALUES (${resourceText(resource)}, ${token}) ` +
        `ON DUPLICATE KEY UPDATE token = GREATEST(token, ${token})`,
    )
    // That never fails, so the row, which is locked by now, says whether it was raised.
    const mark = await this.#lockedMark(send, admission)
    if (mark !== token) throw admission.stale(mark)
  }

  async passWithin(tx: SqlSession, admission: Admission): Promise<SqlSend> {
    const send = opened.get(tx)
    if (send === undefined) throw notOwn()
    if (!admission.raises) {
      await this.compare(send, admission)
      return send
    }
    const mark = await this.#lockedMark(send, admission)
    if (mark > admission.token) throw admission.stale(mark)
    // A mark that was made here could be undone by a savepoint; the lock of one that was there before is kept.
    if (mark < admission.token) throw notEntered(admission.token)
    await this.#tell(send, `CONCAT_WS(',', ${PASSED}, ${passText(admission.resource)})`)
    return send
  }

  async begun(tx: unknown, send: SqlSend, admission: Admission): Promise<void> {
    await send(`SAVEPOINT ${SAVEPOINT}`)
    if (isKey(tx)) opened.set(tx, send)
    // What only reads may not write.
    if (admission.raises) await this.#tell(send, passText(admission.resource))
  }

  async ended(tx: unknown, send: SqlSend): Promise<void> {
    if (isKey(tx)) opened.delete(tx)
    await this.#tell(send, 'NULL')
  }

  async confirm(send: SqlSend): Promise<OpenTransaction | undefined> {
    return (await isOpen(send, `RELEASE SAVEPOINT ${SAVEPOINT}`)) ? { id: undefined } : undefined
  }

  async fateOf(): Promise<'unknown'> {
    return 'unknown'
  }

  async compare(send: SqlSend, admission: Admission): Promise<bigint> {
    const mark = markIn(await send(this.#select(admission)))
    if (mark > admission.token) throw admission.stale(mark)
    return mark
  }

  fragments({ token, raises }: Admission, column: string): RowFragments {
    const quoted = `\`${plainName('column', column)}\``
    return { set: `${quoted} = ${raises ? token : quoted}`, where: `${quoted} <= ${token}` }
  }

  async make(send: SqlSend): Promise<void> {
    await makeTable(send, fenceTable(this.#table), MAKER)
  }

  isMissingTable(error: unknown): boolean {
    return isMissingTable(error)
  }

  wasRefused(error: unknown): boolean {
    return REFUSED.has(codeIn(error))
  }

  async #tell(send: SqlSend, passed: string): Promise<void> {
    if (this.#tellsTriggers) await send(`SET ${PASSED} = ${passed}`)
  }

  #select({ resource }: Admission): string {
    return `SELECT CAST(token AS CHAR) AS token FROM ${this.#table} WHERE resource = ${resourceText(resource)}`
  }

  async #lockedMark(send: SqlSend, admission: Admission): Promise<bigint> {
    return markIn(await this.#waiting(send, admission, `${this.#select(admission)} FOR UPDATE`))
  }

  async #waiting(send: SqlSend, { resource }: Admission, text: string): ReturnType<SqlSend> {
    try {
      return await send(`${boundedWait(this.#waitMs)} ${text}`)
    } catch (error) {
      if (codeIn(error) === WAITED_TOO_LONG) throw tooLong({ name: resource, waitMs: this.#waitMs, error })
      throw error
    }
  }
}

function isKey(tx: unknown): tx is object {
  return (typeof tx === 'object' && tx !== null) || typeof tx === 'function'
}

/** Whether the savepoint that this releases is there. */
export async function isOpen(send: SqlSend, release: string): Promise<boolean> {
  try {
    await send(release)
    return true
  } catch (error) {
    if (codeIn(error) === NO_SAVEPOINT) return false
    throw error
  }
}

function markIn({ token }: Readonly<Record<string, string | undefined>>): bigint {
  return BigInt(token ?? 0)
}

function notOwn(): Misuse {
  return new Misuse(
    'within() of this guard needs the transaction of run(): MySQL does not tell whether a savepoint is open, and rolling one back ' +
      'may give up what holds other holders off. Let run() open the transaction, and hand on what its work was given',
  )
}

/** Bytes, so that neither case nor accents nor blanks at the end are folded. */
const RESOURCE_COLUMN = 'resource VARBINARY(1300) NOT NULL PRIMARY KEY'

export function fenceTable(table: string): string {
  return `CREATE TABLE IF NOT EXISTS ${table} (${RESOURCE_COLUMN}, token BIGINT NOT NULL) ENGINE=InnoDB`
}

export function ledgerTable(table: string): string {
  return (
    `CREATE TABLE IF NOT EXISTS ${table} (${RESOURCE_COLUMN}, token BIGINT NOT NULL, ` +
    'value MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL) ENGINE=InnoDB'
  )
}

export function lockTable(table: string): string {
  return `CREATE TABLE IF NOT EXISTS ${table} (${RESOURCE_COLUMN}) ENGINE=InnoDB`
}

/** In the database of the connection, or in the one that is named. */
export function tableName(database: string | undefined, option: string, name: string): string {
  const quoted = `\`${plainName(option, name)}\``
  return database === undefined ? quoted : `\`${plainName('database', database)}\`.${quoted}`
}

export function isMissingTable(error: unknown): boolean {
  return codeIn(error) === 'ER_NO_SUCH_TABLE'
}
