/** What a log or a console shows of a lease. Not the id of its claim: with it the lock could be given away. */
import type { Lease, LeaseState, Mode } from './lease.ts'

export interface LeaseInJson {
  readonly namespace: string
  readonly name: string
  readonly mode: Mode
  /** Decimal: JSON numbers are exact only up to 2^53, and a bigint cannot be written at all. */
  readonly token: string
  readonly state: LeaseState
  readonly remainingMs: number
}

/** `util.inspect.custom`, without importing Node into the core. */
const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom')

/** For `JSON.stringify`, `console.log` and callers that ask the same way. On the prototype, so that a lease pays nothing for it. */
export function shownAsJson(type: { readonly prototype: Lease }): void {
  const show = {
    configurable: true,
    value(this: Lease): LeaseInJson {
      const { namespace, name, mode, token, state, remainingMs } = this
      return { namespace, name, mode, token: String(token), state, remainingMs: Math.round(remainingMs) }
    },
  }
  Object.defineProperties(type.prototype, { toJSON: show, [INSPECT]: show })
}
