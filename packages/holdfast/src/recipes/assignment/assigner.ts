/**
 * Gives out partitions for a group, on one member at a time. What it publishes only orders: two owners at once are kept out
 * by the lock of each partition, so a leader that is late, or one of two, delays and does no damage.
 */
import type { LockClient } from '../../client/client.ts'
import { observe } from '../../client/observe.ts'
import { lookAt } from '../../client/query.ts'
import type { HeldLease } from '../../lease/held-lease.ts'
import type { AcquireSettings } from '../../lease/settings.ts'
import { isPassing } from '../../store/errors.ts'
import type { LineView } from '../../store/line-view.ts'
import { Backoff } from '../../time/backoff.ts'
import { sleep } from '../../time/clock.ts'
import { membersOf } from '../members/member-note.ts'
import { mutexShape } from '../mutex.ts'
import { acquireInTheEnd } from '../unlimited-wait.ts'
import { assign, type Candidature, type Owner } from './assign.ts'
import { encodeOwners, memberKey, OWNERS_MAX } from './assignment-note.ts'
import { shareIn } from './member-traits.ts'

export interface AssignerPlan {
  /** The lines of the group on the store. */
  readonly leader: string
  readonly assignment: string
  readonly members: string
  readonly settings: AcquireSettings
  /** Changes within this time make one generation. */
  readonly settleMs: number
}

const RETRY_MS_MAX = 1_000

export class Assigner {
  readonly #client: LockClient
  readonly #plan: AssignerPlan
  /** The owners as this process knows them. */
  readonly #known: () => readonly Owner[]

  constructor(client: LockClient, plan: AssignerPlan, known: () => readonly Owner[]) {
    this.#client = client
    this.#plan = plan
    this.#known = known
  }

  /** Leads whenever it can, until the signal aborts; rejects with what no waiting can heal. */
  async stand(signal: AbortSignal): Promise<void> {
    const { leader, settings } = this.#plan
    const backoff = new Backoff(RETRY_MS_MAX)
    while (!signal.aborted) {
      try {
        const term = await acquireInTheEnd(this.#client, mutexShape(leader), settings, signal)
        try {
          await this.#lead(term, signal)
        } finally {
          await term.release()
        }
      } catch (error) {
        if (signal.aborted) return
        if (!isPassing(error)) throw error
        await sleep(this.#client.clock, backoff.nextMs(), signal)
      }
    }
  }

  /** Until the term is over, or the assignment was taken from it: then another one begins. */
  async #lead(term: HeldLease, signal: AbortSignal): Promise<void> {
    const over = new AbortController()
    const ends = AbortSignal.any([signal, term.signal, over.signal])
    let published: HeldLease | undefined
    let owners = this.#known()
    try {
      for await (const view of observe(this.#client, this.#plan.members, { signal: ends })) {
        if (published !== undefined && isSame(owners, assigned(owners, view))) continue
        await sleep(this.#client.clock, this.#plan.settleMs, ends)
        const settled = await lookAt(this.#client, this.#plan.members)
        if (ends.aborted) return
        owners = assigned(owners, settled)
        await published?.release()
        published = await this.#publish(owners, ends)
        published.signal.addEventListener('abort', () => over.abort(), { once: true })
      }
    } finally {
      await published?.release()
    }
  }

  /** The token of the claim is the generation: it rises also where another leader was in between. */
  async #publish(owners: readonly Owner[], ends: AbortSignal): Promise<HeldLease> {
    const { assignment, settings } = this.#plan
    const noted = { ...settings, note: encodeOwners(owners) }
    return await acquireInTheEnd(this.#client, mutexShape(assignment), noted, ends)
  }
}

function assigned(owners: readonly Owner[], view: LineView): readonly Owner[] {
  return assign(owners, presentIn(view))
}

/** The first of them in the order of joining; one that is leaving gets nothing. */
function presentIn(view: LineView): readonly Candidature[] {
  const present = new Map<string, Candidature>()
  for (const member of membersOf(view)) {
    const share = shareIn(member)
    const id = memberKey(member.id)
    if (share > 0) present.set(id, { id, share })
  }
  return [...present.values()].slice(0, OWNERS_MAX)
}

function isSame(one: readonly Owner[], other: readonly Owner[]): boolean {
  return one.every((owner, index) => owner === other[index])
}
