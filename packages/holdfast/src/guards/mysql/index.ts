/// <reference lib="esnext.disposable" preserve="true" />
/** The entry `holdfast/guards/mysql`: the guard for MySQL and MariaDB, the ledger over it, and a lock inside a transaction. */
export type { Fenced, Mode, Sequencer } from '../../lease/lease.ts'
export type { GuardOptions } from '../admission.ts'
export type { RowFragmentOptions, SqlFence } from '../sql/fence.ts'
export type { SqlLedger, SqlLedgerEntry } from '../sql/ledger.ts'
export type { RowFragments } from '../sql/marks.ts'
export type { SqlSession } from '../sql/session.ts'
export type { SqlTransactions } from '../sql/transactions.ts'
export type { MysqlConnectionOf, MysqlGuardConnection, MysqlGuardPool } from './client.ts'
export { fence, fenceTableSql, type MysqlFenceOptions, type MysqlTableOptions } from './fence.ts'
export { ledger, ledgerTableSql, type MysqlLedgerOptions } from './ledger.ts'
export { lockInTransaction, lockTableSql, type MysqlLockOptions } from './transaction-lock.ts'
export { fenceTriggerSql, type MysqlTriggerOptions } from './trigger.ts'
