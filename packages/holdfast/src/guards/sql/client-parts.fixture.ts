/** A guarded register over what a driver or a library calls a transaction, whatever the database is. */
import { sql as drizzleSql, type SQL } from 'drizzle-orm'
import type { Knex } from 'knex'
import { type Kysely, sql as kyselySql, type Transaction } from 'kysely'
import type { Fenced } from '../../lease/lease.ts'
import type { Commit, GuardedResource } from '../../testing/guard-contract.ts'
import type { SqlFence } from './fence.ts'
import { commitsIn, type RegisterParts, registerOver, type RowsOf } from './register.fixture.ts'

export const SESSIONS_MAX = 20

export interface ClientParts<Tx> extends RegisterParts<Tx> {
  close(): Promise<void>
}

/** What each way to the database has of its own. */
interface Around<Tx> {
  readonly guard: SqlFence<Tx>
  someoneWaits(): Promise<void>
}

/** Drivers answer rows, rows and their fields, or an object that has the rows. */
export const rowsOver =
  (query: (text: string) => PromiseLike<unknown>): RowsOf =>
  async (text) => {
    const answer = (await query(text)) as readonly unknown[] | { readonly rows: readonly unknown[] }
    const rows = 'rows' in answer ? answer.rows : Array.isArray(answer[0]) ? (answer[0] as readonly unknown[]) : answer
    return rows as Awaited<ReturnType<RowsOf>>
  }

const BACK = new Error('rolled back alone')

/** The nested transaction of a library is one that rejects. */
export async function rolledBack<Tx>(
  begin: (work: (savepoint: Tx) => Promise<void>) => Promise<unknown>,
  inside: (tx: Tx) => Promise<void>,
): Promise<void> {
  const nested = begin(async (savepoint) => {
    await inside(savepoint)
    throw BACK
  })
  await nested.catch((error: unknown) => {
    if (error !== BACK) throw error
  })
}

interface Connection {
  query(text: string): Promise<unknown>
}

export interface DriverPool<Tx> extends Connection {
  connection(): Promise<Tx>
  end(): Promise<void>
}

export function partsOfDriver<Tx extends Connection & { release(): unknown }>(
  pool: DriverPool<Tx>,
  { guard, someoneWaits }: Around<Tx> & { readonly guard: { within(lease: Fenced, tx: Tx): Promise<void> } },
): ClientParts<Tx> {
  const rowsIn = (tx: Connection): RowsOf => rowsOver((text) => tx.query(text))
  return {
    guard,
    rows: rowsIn(pool),
    rowsIn,
    async nested(inside, after) {
      const tx = await pool.connection()
      try {
        for (const text of ['START TRANSACTION', 'SAVEPOINT nested']) await tx.query(text)
        await inside(tx)
        await tx.query('ROLLBACK TO SAVEPOINT nested')
        await after(rowsIn(tx))
        await tx.query('COMMIT')
      } catch (error) {
        await tx.query('ROLLBACK')
        throw error
      } finally {
        await tx.release()
      }
    },
    within: (holder, tx) => guard.within(holder, tx),
    someoneWaits,
    close: () => pool.end(),
  }
}

export function partsOfKnex(
  db: Knex,
  {
    guard,
    someoneWaits,
  }: Around<Knex.Transaction> & { readonly guard: { within(lease: Fenced, tx: Knex.Transaction): Promise<void> } },
): ClientParts<Knex.Transaction> {
  return {
    guard,
    rows: rowsOver((text) => db.raw(text)),
    rowsIn: (tx) => rowsOver((text) => tx.raw(text)),
    nested: (inside, after) =>
      db.transaction(async (tx) => {
        await rolledBack<Knex.Transaction>((work) => tx.transaction(work), inside)
        await after(rowsOver((text) => tx.raw(text)))
      }),
    within: (holder, tx) => guard.within(holder, tx),
    someoneWaits,
    close: () => db.destroy(),
  }
}

interface DrizzleTransaction<Tx> {
  execute(statement: SQL): PromiseLike<unknown>
  transaction(work: (tx: Tx) => Promise<void>): Promise<void>
}

export function partsOfDrizzle<Tx extends DrizzleTransaction<Tx>>(
  db: DrizzleTransaction<Tx>,
  end: () => Promise<void>,
  { guard, someoneWaits }: Around<Tx> & { readonly guard: { within(lease: Fenced, tx: Tx): Promise<void> } },
): ClientParts<Tx> {
  const rowsIn = (tx: Pick<Tx, 'execute'>): RowsOf => rowsOver((text) => tx.execute(drizzleSql.raw(text)))
  return {
    guard,
    rows: rowsIn(db),
    rowsIn,
    nested: (inside, after) =>
      db.transaction(async (tx) => {
        await rolledBack<Tx>((work) => tx.transaction(work), inside)
        await after(rowsIn(tx))
      }),
    within: (holder, tx) => guard.within(holder, tx),
    someoneWaits,
    close: end,
  }
}

type KyselyTransaction = Transaction<unknown>

export const sentByKysely = (tx: Pick<KyselyTransaction, 'getExecutor'>, text: string): Promise<unknown> =>
  kyselySql.raw(text).execute(tx)

export function partsOfKysely(
  db: Kysely<unknown>,
  {
    guard,
    someoneWaits,
  }: Around<KyselyTransaction> & {
    readonly guard: { within(lease: Fenced, send: (text: string) => Promise<unknown>): Promise<void> }
  },
): ClientParts<KyselyTransaction> {
  return {
    guard,
    rows: rowsOver((text) => sentByKysely(db, text)),
    rowsIn: (tx) => rowsOver((text) => sentByKysely(tx, text)),
    async nested(inside, after) {
      const tx = await db.startTransaction().execute()
      try {
        const savepoint = await tx.savepoint('nested').execute()
        await inside(savepoint)
        await savepoint.rollbackToSavepoint('nested').execute()
        await after(rowsOver((text) => sentByKysely(tx, text)))
        await tx.commit().execute()
      } catch (error) {
        await tx.rollback().execute()
        throw error
      }
    },
    within: (holder, tx) => guard.within(holder, (text) => sentByKysely(tx, text)),
    someoneWaits,
    close: () => db.destroy(),
  }
}

/** A register whose tables stand behind this prefix. */
export function resourceOver(parts: ClientParts<never>, prefix: string, rows: RowsOf): GuardedResource {
  return {
    connect: async () => registerOver(parts, prefix),
    commits: (): Promise<readonly Commit[]> => commitsIn(rows, prefix),
    close: () => parts.close(),
  }
}
