/** What a hand-over takes: how long the receiver has, and how it goes on. */
import { HoldfastError } from '../../store/errors.ts'
import type { Duration } from '../../time/duration.ts'

export interface HandOverOptions {
  /** How long the receiver may take to adopt: the last renewal is this long, and so is the wait for a receiver that never comes. 1 s – 23 h. @default the lease's own ttl */
  readonly within?: Duration
}

export interface AdoptOptions {
  /** The lease from here on, renewed by the receiver. 100 ms – 1 h. @default the client's */
  readonly ttl?: Duration
  /** `lease.signal` aborts this long before the lease ends. At most half of the ttl. @default 0 */
  readonly stopBefore?: Duration
}

/** Another process goes on with this lease, and two never do. Code `MISUSE`. */
export class AlreadyAdopted extends HoldfastError {
  constructor(message: string, details: { readonly resource?: string | undefined } = {}) {
    super('MISUSE', message, details)
  }
}
