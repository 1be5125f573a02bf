/** One stay of this process in a group, from its joining to its leaving: follows the assignment, and may be the one that makes it. */
import type { LockClient } from '../../client/client.ts'
import type { Events } from '../../client/events.ts'
import { observe } from '../../client/observe.ts'
import { LeaseLost, Misuse } from '../../store/errors.ts'
import type { Owner } from '../assignment/assign.ts'
import { Assigner, type AssignerPlan } from '../assignment/assigner.ts'
import { assignmentOf, memberKey } from '../assignment/assignment-note.ts'
import { traitsOf } from '../assignment/member-traits.ts'
import { type MembershipPlan, joined, type LineMembership, type MemberLines } from '../members/line-membership.ts'
import type { PartitionWork } from '../share/partition-share.ts'
import { ShareSet, type SharePlace } from '../share/share-set.ts'
import type { PartitionEvents, PartitionsHealth } from './partitions.ts'

export interface GroupPlan extends AssignerPlan, Omit<SharePlace, 'key' | 'work'> {
  readonly count: number
  readonly lines: MemberLines
  readonly join: MembershipPlan
  readonly rejoinWithinMs: number
}

/** `lost`: the others may think that this process is gone, and it is to join anew. */
export type StayEnd = 'left' | 'lost'

export class Stay {
  readonly #client: LockClient
  readonly #plan: GroupPlan
  readonly #key: string
  readonly #over = new AbortController()
  readonly #shares: ShareSet
  #membership: LineMembership | undefined
  #failure: { readonly error: unknown } | undefined
  #isRestart = false

  constructor(client: LockClient, plan: GroupPlan, events: Events<PartitionEvents>, work: PartitionWork) {
    this.#client = client
    this.#plan = plan
    this.#key = memberKey(plan.join.id)
    const settings = { ...plan.settings, note: plan.join.id }
    const place = { ...plan, settings, key: this.#key, work }
    this.#shares = new ShareSet(client, place, events, (error) => this.#fail(error))
  }

  /** Ends when everything is given back. */
  async run(signal: AbortSignal | undefined): Promise<StayEnd> {
    const onAbort = (): void => this.#over.abort(signal?.reason)
    signal?.addEventListener('abort', onAbort, { once: true })
    if (signal?.aborted === true) onAbort()
    try {
      const membership = await this.#join()
      if (membership === undefined) return 'left'
      this.#membership = membership
      const tasks = [this.#follow(), this.#assign()].map((task) => task.catch((error: unknown) => this.#fail(error)))
      await this.#untilOver(membership.signal)
      if (!this.#isRestart) membership.setTraits(traitsOf(0, false))
      await this.#shares.end(this.#over.signal.reason)
      await Promise.all(tasks)
      await membership.leaveFor(this.#isRestart ? this.#plan.rejoinWithinMs : 0)
      if (this.#failure !== undefined) throw this.#failure.error
      return membership.signal.aborted && signal?.aborted !== true && !this.#isRestart ? 'lost' : 'left'
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
  }

  /** Drains and leaves, and its place is kept. */
  restart(): void {
    this.#isRestart = true
    const { group } = this.#plan
    this.#over.abort(new LeaseLost(`this member of "${group}" is about to be restarted: return soon`))
  }

  health(): PartitionsHealth {
    const { owned, known, isStuck } = this.#shares
    if (isStuck) return { state: 'stuck', owned, ready: false }
    if (this.#membership === undefined) return { state: 'joining', owned, ready: false }
    if (!this.#membership.isMember()) return { state: 'outside', owned, ready: false }
    const isIdle = known !== undefined && !known.owners.includes(this.#key)
    return { state: 'member', owned, ready: !this.#over.signal.aborted && (owned.length > 0 || isIdle) }
  }

  /** Nothing where it was to leave before it had joined. */
  async #join(): Promise<LineMembership | undefined> {
    const { join, lines, count } = this.#plan
    const { signal } = this.#over
    try {
      return await joined(this.#client, lines, { ...join, signal })
    } catch (error) {
      if (signal.aborted && error === signal.reason) return undefined
      if (!(error instanceof Misuse)) throw error
      throw new Misuse(
        `${error.message}. Every member says the same count, and here it is ${count}: give the group a new name to change it`,
        { resource: lines.name, cause: error },
      )
    }
  }

  async #follow(): Promise<void> {
    const { signal } = this.#over
    for await (const view of observe(this.#client, this.#plan.assignment, { signal })) {
      const assignment = assignmentOf(view)
      if (assignment?.owners.length === this.#plan.count) this.#shares.follow(assignment)
    }
  }

  async #assign(): Promise<void> {
    const none: readonly Owner[] = Array.from({ length: this.#plan.count }, () => null)
    await new Assigner(this.#client, this.#plan, () => this.#shares.known?.owners ?? none).stand(this.#over.signal)
  }

  #fail(error: unknown): void {
    if (!this.#over.signal.aborted) this.#failure ??= { error }
    this.#over.abort(error)
  }

  async #untilOver(lost: AbortSignal): Promise<void> {
    const ends = AbortSignal.any([this.#over.signal, lost])
    await new Promise<void>((resolve) => {
      if (ends.aborted) resolve()
      else ends.addEventListener('abort', () => resolve(), { once: true })
    })
    this.#over.abort(lost.reason)
  }
}
