/** The store: each step asks all nodes at once and is done with the first majority. */
import type { Claim, Ref } from '../../store/claim.ts'
import { StoreUnavailable } from '../../store/errors.ts'
import type {
  Facts,
  Hint,
  LeaveOptions,
  LineView,
  Memo,
  RenewAnswer,
  Renewal,
  Standing,
  Store,
  StoreAdmin,
  StoreEnvironment,
  Subject,
} from '../../store/store.ts'
import { adminOf } from './admin.ts'
import { enter } from './enter.ts'
import { leave } from './leave.ts'
import { look, observe } from './look.ts'
import { openSession, type JoinPlan, type RedlockSession } from './open.ts'
import { renew } from './renew.ts'

export class RedlockStore implements Store {
  readonly admin: StoreAdmin = adminOf(() => this.#opened())
  readonly #plan: JoinPlan
  #session: RedlockSession | undefined

  constructor(plan: JoinPlan) {
    this.#plan = plan
  }

  async open(environment: StoreEnvironment): Promise<Facts> {
    const { session, facts } = await openSession(this.#plan, environment)
    this.#session?.close()
    this.#session = session
    return facts
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

  async watch(subject: Subject, memo: Memo, signal: AbortSignal): Promise<Hint> {
    const session = this.#opened()
    return 'id' in subject
      ? session.claims.watch(session.keys.record(subject.resource), subject.id, memo, signal)
      : observe(session, subject.resource, memo, signal)
  }

  async look(resource: string): Promise<LineView> {
    return look(this.#opened(), resource)
  }

  async leave(ref: Ref, options: LeaveOptions = {}): Promise<'left' | 'gone'> {
    return leave(this.#opened(), ref, options)
  }

  #opened(): RedlockSession {
    if (this.#session === undefined) {
      throw new StoreUnavailable('this Redlock store is not open: it was closed, or never opened')
    }
    return this.#session
  }
}
