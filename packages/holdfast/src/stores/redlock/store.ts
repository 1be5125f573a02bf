/** The store: each step asks all nodes at once and is done with the first majority. */
import type { Claim, Ref } from '../../store/claim.ts'
import { StoreUnavailable } from '../../store/errors.ts'
import type { LeaveOptions, OpenStore, Renewal, Store } from '../../store/store.ts'
import type { LineView, ResourcePage } from '../../store/line-view.ts'
import type { Facts } from '../../store/facts.ts'
import type { RenewAnswer, Hint, Standing } from '../../store/standing.ts'
import { evict, list } from './admin.ts'
import { enter } from './enter.ts'
import { leave } from './leave.ts'
import { look, observe } from './look.ts'
import { openSession, type JoinPlan, type RedlockSession } from './open.ts'
import { renew } from './renew.ts'

export function redlockStore(plan: JoinPlan): Store {
  return {
    async open(environment) {
      const { session, facts } = await openSession(plan, environment)
      return new RedlockStore(session, facts)
    },
  }
}

class RedlockStore implements OpenStore {
  readonly facts: Facts
  #session: RedlockSession | undefined

  constructor(session: RedlockSession, facts: Facts) {
    this.#session = session
    this.facts = facts
  }

  async close(): Promise<void> {
    const session = this.#session
    this.#session = undefined
    session?.close()
  }

  async enter(claim: Claim): Promise<Standing> {
    return enter(this.#opened(), claim)
  }

  async renew(renewals: readonly Renewal[]): Promise<readonly RenewAnswer[]> {
    return renew(this.#opened(), renewals)
  }

  async watch(ref: Ref, signal: AbortSignal): Promise<Hint> {
    const { claims, keys } = this.#opened()
    return claims.watch(keys.record(ref.resource), ref.id, signal)
  }

  async observe(resource: string, seen: string, signal: AbortSignal): Promise<string> {
    return observe(this.#opened(), resource, seen, signal)
  }

  async list(prefix: string, cursor: string | undefined, limit: number): Promise<ResourcePage> {
    return list(this.#opened(), prefix, cursor, limit)
  }

  async evict(resource: string, token: bigint, reason: string): Promise<'evicted' | 'gone'> {
    return evict(this.#opened(), resource, token, reason)
  }

  async look(resource: string): Promise<LineView> {
    return look(this.#opened(), resource)
  }

  async leave(ref: Ref, options: LeaveOptions = {}): Promise<'left' | 'gone'> {
    return leave(this.#opened(), ref, options)
  }

  #opened(): RedlockSession {
    if (this.#session === undefined) {
      throw new StoreUnavailable('this Redlock store was closed')
    }
    return this.#session
  }
}
