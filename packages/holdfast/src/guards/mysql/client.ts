/** The parts of `mysql2` and of `mariadb` that a guard uses to open transactions of its own. */
import { Misuse } from '../../store/errors.ts'
import { senderOver } from '../sql/session.ts'
import { isTransactions, type OwnTransactions, type SqlTransactions, transactionsOf } from '../sql/transactions.ts'

/** A pool of `mysql2/promise`, or of `mariadb`. */
export interface MysqlGuardPool {
  getConnection(): Promise<MysqlGuardConnection>
  query(text: string): Promise<unknown>
}

/** What such a pool gives out. */
export interface MysqlGuardConnection {
  query(text: string): Promise<unknown>
  release(): unknown
  /** Closes it at once, so that no other work meets a transaction that is still open. */
  destroy(): void
}

/** What the work of a guard over this pool is given. */
export type MysqlConnectionOf<Pool> = Pool extends { getConnection(): Promise<infer Connection> } ? Connection : never

const BEGIN = { newest: [], snapshot: ['SET TRANSACTION ISOLATION LEVEL REPEATABLE READ'] } as const

export function ownTransactionsOf(source: unknown): OwnTransactions<never> {
  const has = (method: string): boolean =>
    ((typeof source === 'object' && source !== null) || typeof source === 'function') &&
    typeof Reflect.get(source, method) === 'function'
  // A pool of callbacks can be made one of promises by its method `promise`, and resolves nothing itself.
  if (has('getConnection') && has('query') && !has('promise')) return overPool(source as MysqlGuardPool)
  if (isTransactions(source)) return transactionsOf(source as SqlTransactions<never>, undefined)
  throw new Misuse(
    'a guard for MySQL takes a pool of mysql2/promise (pool.promise() of mysql2) or of mariadb, or an object { transaction(work) } of ' +
      'your ORM. A single connection may stand in a transaction, and a rollback would undo the mark',
  )
}

function overPool(pool: MysqlGuardPool): OwnTransactions<never> {
  return {
    seesCommit: true,
    alone: senderOver(pool),
    async open(isolation, work) {
      const connection = await pool.getConnection()
      let isUsable = false
      try {
        for (const text of [...BEGIN[isolation], 'START TRANSACTION']) await connection.query(text)
        const result = await work(connection as never, senderOver(connection))
        await connection.query('COMMIT')
        isUsable = true
        return result
      } catch (error) {
        isUsable = await connection.query('ROLLBACK').then(
          () => true,
          () => false,
        )
        throw error
      } finally {
        if (isUsable) await connection.release()
        else connection.destroy()
      }
    },
  }
}
