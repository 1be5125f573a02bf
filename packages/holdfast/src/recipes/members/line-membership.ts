/**
 * A stay of one process in a list of members: a claim without weight on the line of the list, and for an id that survives
 * restarts the mutex of that id before it. Whichever of the two is lost first ends the stay.
 */
import type { LockClient } from '../../client/client.ts'
import { lookAt } from '../../client/query.ts'
import type { HeldLease } from '../../lease/held-lease.ts'
import type { ReleaseOutcome } from '../../lease/lease.ts'
import { outcomeOf } from '../../lease/release.ts'
import type { AcquireSettings } from '../../lease/settings.ts'
import { boundedText } from '../../store/bounded-text.ts'
import { newClaimId } from '../../store/claim.ts'
import { WaitTimeout } from '../../store/errors.ts'
import { ATTEMPT_MS_MAX } from '../../store/limits.ts'
import { mutexShape } from '../mutex.ts'
import { acquireWithin } from '../unlimited-wait.ts'
import { encodeMember, type MemberNote, METADATA_BYTES_MAX } from './member-note.ts'
import type { Membership } from './members.ts'

/** The lines of a list of members. */
export interface MemberLines {
  readonly name: string
  /** All members must say the same. */
  readonly capacity: number
  /** The mutex of an id. */
  idName(id: string): string
}

export interface MembershipPlan extends MemberNote {
  /** The id is one that another process may have. */
  readonly isShared: boolean
  readonly settings: AcquireSettings
  /** Without end where it is absent. */
  readonly waitMs: number | undefined
  readonly signal: AbortSignal | undefined
}

/** Short, and unlike any other. */
export function newMemberId(): string {
  return newClaimId().slice(0, 12)
}

export async function joined(client: LockClient, list: MemberLines, plan: MembershipPlan): Promise<LineMembership> {
  const { settings, signal, waitMs } = plan
  const place = plan.isShared ? await idHeld(client, list, plan) : undefined
  try {
    const shape = { name: list.name, mode: 'permit', weight: 0, capacity: list.capacity, needs: 'members' } as const
    const noted = { ...settings, note: encodeMember(plan) }
    return new LineMembership(client, plan, await acquireWithin(client, shape, noted, signal, waitMs), place)
  } catch (error) {
    await place?.undo()
    throw error
  }
}

async function idHeld(client: LockClient, list: MemberLines, plan: MembershipPlan): Promise<HeldLease> {
  const name = list.idName(plan.id)
  const { settings, signal, waitMs } = plan
  try {
    const plain = { ...settings, lockDelayMs: 0, minHoldMs: 0 }
    return await acquireWithin(client, mutexShape(name), plain, signal, waitMs)
  } catch (error) {
    if (!(error instanceof WaitTimeout)) throw error
    const { claims } = await lookAt(client, name)
    const owner = claims.find(({ state }) => state === 'held')?.owner ?? 'another process'
    const words = `${owner} is the member "${plan.id}" of "${list.name}", and did not leave: give each process an id of its own`
    throw new WaitTimeout(words, { resource: name, waitedMs: error.waitedMs, cause: error })
  }
}

export class LineMembership implements Membership {
  readonly id: string
  readonly #client: LockClient
  readonly #seat: HeldLease
  readonly #place: HeldLease | undefined
  readonly #lost = new AbortController()
  #note: MemberNote
  #leaving: Promise<ReleaseOutcome> | undefined

  constructor(client: LockClient, note: MemberNote, seat: HeldLease, place: HeldLease | undefined) {
    this.#client = client
    this.id = note.id
    this.#note = note
    this.#seat = seat
    this.#place = place
    for (const { signal } of this.#leases) {
      const onLoss = (): void => this.#onLoss(signal.reason)
      signal.addEventListener('abort', onLoss, { once: true })
      if (signal.aborted) onLoss()
    }
  }

  /** Compares the clocks first. */
  get signal(): AbortSignal {
    this.isMember()
    return this.#lost.signal
  }

  isMember(): boolean {
    return this.#leases.every((lease) => lease.isHeld())
  }

  setMetadata(metadata: string): void {
    this.#say({ metadata: boundedText('metadata', metadata, METADATA_BYTES_MAX) })
  }

  setTraits(traits: string): void {
    this.#say({ traits })
  }

  leave(): Promise<ReleaseOutcome> {
    return this.leaveFor(0)
  }

  /** Leaves, and is still shown as lingering for so long. The id comes last: its next holder finds no remnant that is held. */
  leaveFor(keepMs: number): Promise<ReleaseOutcome> {
    const leave = async (): Promise<ReleaseOutcome> => {
      const outcome = await (keepMs > 0 ? this.#kept(keepMs) : this.#seat.release())
      await this.#place?.release()
      return outcome
    }
    this.#leaving ??= leave()
    return this.#leaving
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.leave()
  }

  async #kept(keepMs: number): Promise<ReleaseOutcome> {
    const { ref, lifeMs } = this.#seat
    const wasHeld = this.#seat.isHeld()
    this.#seat.disarm()
    const left = await this.#client.leave({ ref, lastsMs: Math.min(lifeMs, ATTEMPT_MS_MAX), options: { keepMs } })
    return wasHeld ? outcomeOf(left) : 'expired'
  }

  get #leases(): readonly HeldLease[] {
    return this.#place === undefined ? [this.#seat] : [this.#seat, this.#place]
  }

  #say(change: Partial<MemberNote>): void {
    this.#note = { ...this.#note, ...change }
    this.#seat.setNote(encodeMember(this.#note))
  }

  /** What is left of the stay is given back, so that the others and the next holder of the id need not wait for its end. */
  #onLoss(reason: unknown): void {
    this.#lost.abort(reason)
    void this.leave()
  }
}
