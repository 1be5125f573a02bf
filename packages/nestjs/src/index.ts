/** `@holdfast/nestjs`: locks for a NestJS application. */
export { currentLease } from './current-lease.ts'
export { HoldfastExceptionFilter } from './exception-filter.ts'
export { HoldfastHealthIndicator, type LocksHealthResult } from './health.ts'
export type { LockName, NameOfCall } from './lock-name.ts'
export { Locked, type LockedDecorator, type LockedOptions } from './locked.ts'
export {
  HoldfastModule,
  type HoldfastModuleAsyncOptions,
  type HoldfastModuleOptions,
  type HoldfastModuleSettings,
} from './module.ts'
export { OncePerTick, type OncePerTickOptions, type TickDecorator } from './once-per-tick.ts'
export { InjectLocks, locksToken } from './token.ts'
