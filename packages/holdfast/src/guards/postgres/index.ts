/// <reference lib="esnext.disposable" preserve="true" />
/** The entry `holdfast/guards/postgres`: the guard for a PostgreSQL database, the ledger over it, and a lock inside a transaction. */
export type { Fenced, Mode, Sequencer } from '../../lease/lease.ts'
export type { GuardOptions } from '../admission.ts'
export type { RowFragmentOptions, SqlFence } from '../sql/fence.ts'
export type { SqlLedger, SqlLedgerEntry } from '../sql/ledger.ts'
export type { RowFragments } from '../sql/marks.ts'
export type { SqlSession } from '../sql/session.ts'
export type { SqlTransactions } from '../sql/transactions.ts'
export type { PgGuardClient, PgGuardPool, PostgresJsSql, PostgresTransactionOf } from './client.ts'
export { fence, fenceTableSql, type PostgresFenceOptions, type PostgresTableOptions } from './fence.ts'
export { ledger, ledgerTableSql, type PostgresLedgerOptions } from './ledger.ts'
export { lockInTransaction, lockTableSql, type PostgresLockOptions } from './transaction-lock.ts'
export { type FenceTriggerOptions, fenceTriggerSql } from './trigger.ts'
