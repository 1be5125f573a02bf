/**
 * Marks in PostgreSQL: a row a lock, whose newest version must be of the transaction that is open. `xmin` of a row is the id of
 * the transaction that wrote it, or of the savepoint in which it was written, so a mark that could be undone alone shows.
 */
import { Misuse } from '../../store/errors.ts'
import type { Admission } from '../admission.ts'
import type { OpenTransaction, RowFragments, SqlMarks } from '../sql/marks.ts'
import { plainName, resourceText } from '../sql/names.ts'
import { makeTable, type TableMaker } from '../sql/table-maker.ts'
import { notOpen, tooLong } from '../sql/refusals.ts'
import { codeIn, senderOver, type SqlSend, type SqlSession } from '../sql/session.ts'
import { wasRefused } from './client.ts'

/** What two programs that make the same table in one moment are told. */
const MADE_MEANWHILE: ReadonlySet<string | undefined> = new Set(['23505', '42710', '42P07', 'XX000'])
export const MAKER: TableMaker = { madeMeanwhile: MADE_MEANWHILE, notAllowed: new Set(['42501']) }
const MISSING: ReadonlySet<string | undefined> = new Set(['42P01', '3F000'])
export const WAITED_TOO_LONG = '55P03'

/** Whether this transaction itself, and no savepoint in it, wrote the row. */
export const IS_OWN = 'xmin = pg_current_xact_id()::xid'

/**
 * The front of a statement that waits no longer than this. What the caller's transaction had set is handed to `restored`, because
 * its later statements are no business of ours.
 */
export function boundedWait(waitMs: number): string {
  return (
    "WITH before AS MATERIALIZED (SELECT current_setting('lock_timeout') AS theirs, " +
    `set_config('lock_timeout', '${waitMs}ms', true) AS ours)`
  )
}

export const RESTORED = "set_config('lock_timeout', before.theirs, true) AS restored"

export class PostgresMarks implements SqlMarks {
  readonly passesAlone = true
  readonly #table: string
  readonly #waitMs: number

  constructor(table: string, waitMs: number) {
    this.#table = table
    this.#waitMs = waitMs
  }

  async pass(send: SqlSend, admission: Admission): Promise<void> {
    if (!admission.raises) return void (await this.compare(send, admission))
    const outermost = await this.#raise(send, admission)
    if (outermost === 'true') return
    await this.compare(send, admission)
    throw nested()
  }

  async passWithin(tx: SqlSession, admission: Admission): Promise<SqlSend> {
    const send = senderOver(tx)
    await this.#passWithin(send, admission)
    return send
  }

  async begun(): Promise<void> {
    // The row of the mark says by itself in which transaction it was written.
  }

  async ended(): Promise<void> {
    // As above.
  }

  async #passWithin(send: SqlSend, admission: Admission): Promise<void> {
    if (!admission.raises) return void (await this.compare(send, admission))
    const outermost = await this.#raise(send, admission)
    const { mark, isOwn } = await this.#look(send, admission)
    if (mark > admission.token) throw admission.stale(mark)
    if (outermost === 'false') throw nested()
    // Written by a transaction that is over already: that of the statement alone.
    if (!isOwn) throw notOpen('within')
  }

  /** Takes no id for the transaction, so that onlookers cost nothing and may ask a standby. */
  async compare(send: SqlSend, admission: Admission): Promise<bigint> {
    const { mark } = await this.#look(send, { ...admission, raises: false })
    if (mark > admission.token) throw admission.stale(mark)
    return mark
  }

  async confirm(send: SqlSend, admission: Admission): Promise<OpenTransaction | undefined> {
    const { mark, isOwn, id } = await this.#look(send, admission)
    if (mark > admission.token) throw admission.stale(mark)
    // Where nothing was raised nothing can be undone.
    return !admission.raises || (isOwn && mark === admission.token) ? { id } : undefined
  }

  async fateOf(send: SqlSend, id: string): Promise<'aborted' | 'committed' | 'unknown'> {
    const { fate } = await send(`SELECT pg_xact_status('${id}'::xid8) AS fate`)
    return fate === 'committed' || fate === 'aborted' ? fate : 'unknown'
  }

  fragments({ token, raises }: Admission, column: string): RowFragments {
    const quoted = `"${plainName('column', column)}"`
    return { set: `${quoted} = ${raises ? token : quoted}`, where: `${quoted} <= ${token}` }
  }

  async make(send: SqlSend): Promise<void> {
    await makeTable(send, fenceTable(this.#table), MAKER)
  }

  isMissingTable(error: unknown): boolean {
    return isMissingTable(error)
  }

  wasRefused(error: unknown): boolean {
    return wasRefused(error)
  }

  /** Resolves with nothing where a newer mark stands, or where this transaction has made this one already. */
  async #raise(send: SqlSend, { resource, token }: Admission): Promise<string | undefined> {
    const key = resourceText(resource)
    try {
      const { outermost } = await send(
        `${boundedWait(this.#waitMs)}, passed AS (INSERT INTO ${this.#table} AS mark (resource, token) ` +
          `SELECT ${key}, ${token} FROM before ON CONFLICT (resource) DO UPDATE SET token = excluded.token ` +
          'WHERE mark.token <= excluded.token AND NOT (mark.token = excluded.token AND mark.xmin = pg_current_xact_id()::xid) ' +
          `RETURNING (${IS_OWN})::text AS outermost) SELECT passed.outermost, ${RESTORED} FROM before LEFT JOIN passed ON true`,
      )
      return outermost
    } catch (error) {
      if (codeIn(error) === WAITED_TOO_LONG) throw tooLong({ error, name: resource, waitMs: this.#waitMs })
      throw error
    }
  }

  async #look(send: SqlSend, { resource, raises }: Admission): Promise<Look> {
    const own = raises ? IS_OWN : 'NULL'
    const row = await send(
      `SELECT token::text AS token, (${own})::text AS own, pg_current_xact_id_if_assigned()::text AS id ` +
        `FROM ${this.#table} WHERE resource = ${resourceText(resource)}`,
    )
    return { mark: BigInt(row['token'] ?? 0), isOwn: row['own'] === 'true', id: row['id'] }
  }
}

interface Look {
  readonly mark: bigint
  /** Whether this transaction wrote it, and no savepoint in it. */
  readonly isOwn: boolean
  readonly id: string | undefined
}

function nested(): Misuse {
  return new Misuse(
    'this is a nested transaction (a savepoint): its rollback alone would undo the mark, and give up what holds other holders off, ' +
      'while the outer one goes on. Let the lease pass in the outermost transaction, as its first statement',
  )
}

export function fenceTable(table: string): string {
  return `CREATE TABLE IF NOT EXISTS ${table} (resource text COLLATE "C" PRIMARY KEY, token bigint NOT NULL)`
}

/** In the schema of the caller's tables: the mark and the write must commit together, and backups take both. */
export function tableName(
  { schema = 'public' }: { readonly schema?: string | undefined },
  option: string,
  name: string,
): string {
  return `"${plainName('schema', schema)}"."${plainName(option, name)}"`
}

export function isMissingTable(error: unknown): boolean {
  return MISSING.has(codeIn(error))
}
