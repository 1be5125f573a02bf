/** The parts of `pg` and of `postgres` that a guard uses to open transactions of its own. */
import { Misuse } from '../../store/errors.ts'
import { codeIn, senderOver } from '../sql/session.ts'
import { isTransactions, type OwnTransactions, type SqlTransactions, transactionsOf } from '../sql/transactions.ts'

/** A `Pool` of `pg`. */
export interface PgGuardPool {
  connect(): Promise<PgGuardClient>
  query(text: string): Promise<unknown>
}

/** What a `Pool` of `pg` gives out. */
export interface PgGuardClient {
  query(text: string): Promise<unknown>
  on(event: 'error', listener: () => void): unknown
  removeListener(event: 'error', listener: () => void): unknown
  release(isBroken?: boolean): void
}

/** The `sql` of the package `postgres`. */
export interface PostgresJsSql {
  /** `begin(options, work)`: of which type the transaction is, only the caller knows. */
  begin(...options: never[]): PromiseLike<unknown>
  unsafe(text: string): PromiseLike<unknown>
}

/** What the work of a guard over this pool is given. */
export type PostgresTransactionOf<Pool> = Pool extends {
  connect: { (): Promise<infer Client>; (...rest: never[]): unknown }
}
  ? Client
  : Pool extends { begin: { (work: (tx: infer Tx) => never): unknown; (...rest: never[]): unknown } }
    ? Tx
    : PgGuardClient

const SNAPSHOT = 'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ'
const ISOLATIONS = { newest: 'ISOLATION LEVEL READ COMMITTED', snapshot: 'ISOLATION LEVEL REPEATABLE READ' } as const
const ignore = (): void => undefined

export function ownTransactionsOf(source: unknown): OwnTransactions<never> {
  const has = (method: string): boolean =>
    ((typeof source === 'object' && source !== null) || typeof source === 'function') &&
    typeof Reflect.get(source, method) === 'function'
  if (has('begin') && has('unsafe') && !has('savepoint')) return overPostgresJs(source as PostgresJsSql)
  // A single client has `connect` and `query` as well; what it makes connections of, a pool alone has.
  if (has('connect') && has('query') && has('Client')) return overPool(source as PgGuardPool)
  if (isTransactions(source)) return transactionsOf(source as SqlTransactions<never>, SNAPSHOT)
  throw new Misuse(
    'a guard for PostgreSQL takes a Pool of pg, the sql of postgres, or an object { transaction(work) } of your ORM. A single ' +
      'client may stand in a transaction, and a rollback would undo the mark: for that there is within()',
  )
}

function overPool(pool: PgGuardPool): OwnTransactions<never> {
  return {
    seesCommit: true,
    alone: senderOver(pool),
    async open(isolation, work) {
      const client = await pool.connect()
      // One that breaks while it is out tells of it itself.
      client.on('error', ignore)
      let isUsable = false
      try {
        await client.query(`BEGIN ${ISOLATIONS[isolation]}`)
        const result = await work(client as never, senderOver(client))
        assertCommitted(await client.query('COMMIT'))
        isUsable = true
        return result
      } catch (error) {
        isUsable = await client.query('ROLLBACK').then(
          () => true,
          () => false,
        )
        throw error
      } finally {
        if (isUsable) client.removeListener('error', ignore)
        client.release(!isUsable)
      }
    },
  }
}

/** A transaction in which a statement failed is answered so, without an error. */
function assertCommitted(answer: unknown): void {
  if ((answer as { readonly command?: unknown }).command === 'COMMIT') return
  throw new Misuse(
    'the transaction had failed before, so its COMMIT rolled it back: do not go on after an error of the database',
  )
}

type Begin = (options: string, work: (tx: never) => Promise<unknown>) => Promise<unknown>

function overPostgresJs(sql: PostgresJsSql): OwnTransactions<never> {
  const begin = sql.begin.bind(sql) as unknown as Begin
  return {
    seesCommit: false,
    alone: senderOver(sql),
    open: async (isolation, work) =>
      // An object around it, because what is a list would be awaited item by item.
      await boxed(begin(ISOLATIONS[isolation], async (tx) => ({ result: await work(tx, senderOver(tx)) }))),
  }
}

async function boxed<T>(begun: Promise<unknown>): Promise<T> {
  return ((await begun) as { readonly result: T }).result
}

/** None of them begins as the codes of the system do: `EPIPE` has five signs, too. */
const SQL_STATE = /^(?!E)[0-9A-Z]{5}$/
/** The connection ended, or the server did: what it did with the statement is not known. */
const UNANSWERED = /^(?:08|57P|40003)/

/** Whether the server answered that it did not do it. */
export function wasRefused(error: unknown): boolean {
  const code = codeIn(error)
  return code !== undefined && SQL_STATE.test(code) && !UNANSWERED.test(code)
}
