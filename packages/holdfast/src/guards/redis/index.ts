/// <reference lib="esnext.disposable" preserve="true" />
/** The entry `holdfast/guards/redis`: the guard for data in Redis, and the ledger over it. */
export type { Fenced, Mode, Sequencer } from '../../lease/lease.ts'
export type { GuardOptions } from '../admission.ts'
export type { LedgerPutOptions } from '../ledger-terms.ts'
export type { RedisCommands } from './client.ts'
export { fence, fenceLua, type RedisFence, type RedisFenceOptions, type RedisMark, type RedisWork } from './fence.ts'
export { ledger, type RedisLedger, type RedisLedgerEntry } from './ledger.ts'
