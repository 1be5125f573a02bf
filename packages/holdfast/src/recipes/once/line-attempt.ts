/** One attempt under the lock of its key, as the work gets it. */
import { LeaseProxy } from '../../lease/lease-proxy.ts'
import type { ReleaseOutcome } from '../../lease/lease.ts'
import { LeaseLost } from '../../store/errors.ts'
import type { Duty, MaybePromise } from '../duty.ts'
import { checkedLedger, type Ledger } from '../ledger.ts'
import type { EntryText } from '../key-book/key-book.ts'
import type { OnceAttempt } from './once.ts'

export interface LineAttemptParts {
  readonly key: string
  readonly attempt: number
  readonly duty: Duty
  readonly ledger: Ledger
  /** The entry of an outcome. */
  done(returned: unknown): EntryText
}

export class LineAttempt extends LeaseProxy implements OnceAttempt {
  readonly key: string
  readonly attempt: number
  readonly #parts: LineAttemptParts
  #hasWritten = false

  constructor(parts: LineAttemptParts) {
    super(parts.duty.lease)
    this.key = parts.key
    this.attempt = parts.attempt
    this.#parts = parts
  }

  /** The work wants to have written an outcome itself; its transaction may have rolled it back. */
  get hasWritten(): boolean {
    return this.#hasWritten
  }

  entryOf(returned: unknown): EntryText {
    return this.#parts.done(returned)
  }

  get stopping(): AbortSignal {
    return this.#parts.duty.stopping
  }

  finish(returned: unknown, ledger: Ledger = this.#parts.ledger): MaybePromise<void> {
    const { value, ...options } = this.entryOf(returned)
    this.#hasWritten = true
    return checkedLedger(ledger).put(this.#parts.duty.lease, value, options)
  }

  /** The lease is given back when the work has returned, so this only asks for that. */
  override release(): Promise<ReleaseOutcome> {
    const { name } = this
    this.#parts.duty.ask(new LeaseLost(`the attempt at "${name}" was asked to end`, { resource: name }))
    return Promise.resolve('unknown')
  }
}
