/** The entry `holdfast/guards/redis`: the guard for data in Redis, and the ledger over it. */
export type { GuardOptions, Holder } from './admission.ts'
export type { RedisCommands } from './redis-client.ts'
export { fence, fenceLua } from './redis-fence.ts'
export type { RedisFence, RedisFenceOptions, RedisMark, RedisWork } from './redis-fence.ts'
export { ledger } from './redis-ledger.ts'
export type { RedisLedger, RedisLedgerEntry } from './redis-ledger.ts'
