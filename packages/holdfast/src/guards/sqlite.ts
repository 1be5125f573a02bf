/** The entry `holdfast/guards/sqlite`: the guard for a SQLite database, and the ledger over it. */
export type { GuardOptions, Holder } from './admission.ts'
export type { SqliteDatabase, SqliteStatement } from './sqlite-client.ts'
export { fence, fenceTableSql } from './sqlite-fence.ts'
export type { RowFence, RowFenceOptions, SqliteFence, SqliteFenceOptions } from './sqlite-fence.ts'
export { ledger, ledgerTableSql } from './sqlite-ledger.ts'
export type { LedgerEntry, SqliteLedger, SqliteLedgerOptions } from './sqlite-ledger.ts'
