/// <reference lib="esnext.disposable" preserve="true" />
/** The entry `holdfast/guards/sqlite`: the guard for a SQLite database, and the ledger over it. */
export type { Fenced, Mode, Sequencer } from '../../lease/lease.ts'
export type { GuardOptions } from '../admission.ts'
export type { LedgerPutOptions } from '../ledger-terms.ts'
export type { SqliteDatabase, SqliteStatement } from './client.ts'
export {
  fence,
  fenceTableSql,
  type RowFence,
  type RowFenceOptions,
  type SqliteFence,
  type SqliteFenceOptions,
} from './fence.ts'
export { ledger, ledgerTableSql, type LedgerEntry, type SqliteLedger, type SqliteLedgerOptions } from './ledger.ts'
