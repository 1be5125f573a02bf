/** What guards tell, each on a diagnostics channel `holdfast:guard:<event>`: holders they were asked about, and holders they refused. */
import type { Sequencer } from './lease.ts'

/** `fetch` is the sender of a request that a guard elsewhere refused; `http` the marks of a server's process. */
export type GuardName = 'dynamodb' | 'fetch' | 'files' | 'http' | 'mysql' | 'postgres' | 'redis' | 'sqlite'

/** The holder that a guard was asked about. */
export interface GuardEvent extends Sequencer {
  readonly guard: GuardName
}

/** Every event of a guard, and when it fires. */
export interface GuardEventMap {
  /** A guard is about to compare the token of a holder. */
  readonly asked: GuardEvent
  /** The resource had seen the newer token `needed`: nothing was written. Fires in the call that is refused. */
  readonly refused: GuardEvent & { readonly needed: bigint }
}
