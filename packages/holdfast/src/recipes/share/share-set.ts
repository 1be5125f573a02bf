/** The partitions of one member: begins what an assignment gives it, and has given back what one gives to others. */
import type { LockClient } from '../../client/client.ts'
import type { Events } from '../../client/events.ts'
import type { AcquireSettings } from '../../lease/settings.ts'
import { LeaseLost } from '../../store/errors.ts'
import type { KnownAssignment } from '../assignment/assignment-note.ts'
import type { PartitionEvents } from '../partitions/partitions.ts'
import { PartitionShare, type PartitionWork } from './partition-share.ts'

export interface SharePlace {
  /** The group, as its user calls it. */
  readonly group: string
  /** The key of this member in assignments. */
  readonly key: string
  readonly settings: AcquireSettings
  readonly drainWithinMs: number
  readonly work: PartitionWork
  /** The lock of a partition. */
  partition(index: number): string
}

export class ShareSet {
  readonly #client: LockClient
  readonly #place: SharePlace
  readonly #events: Events<PartitionEvents>
  readonly #onFailure: (error: unknown) => void
  readonly #shares = new Map<number, PartitionShare>()
  readonly #runs = new Set<Promise<void>>()
  #known: KnownAssignment | undefined
  #isOver = false

  constructor(
    client: LockClient,
    place: SharePlace,
    events: Events<PartitionEvents>,
    onFailure: (error: unknown) => void,
  ) {
    this.#client = client
    this.#place = place
    this.#events = events
    this.#onFailure = onFailure
  }

  /** The newest assignment that is known here. */
  get known(): KnownAssignment | undefined {
    return this.#known
  }

  /** Held now, in their order. */
  get owned(): readonly number[] {
    const owned = [...this.#shares].filter(([, share]) => share.isOwned).map(([index]) => index)
    return owned.toSorted((one, other) => one - other)
  }

  get isStuck(): boolean {
    return [...this.#shares.values()].some((share) => share.stuckForMs > 0)
  }

  /** Stops what is assigned elsewhere by now, and begins what is assigned here. */
  follow(assignment: KnownAssignment): void {
    this.#known = assignment
    if (this.#isOver) return
    const { generation, owners } = assignment
    const { group: name, key } = this.#place
    const revoked = [...this.#shares].flatMap(([index, share]) =>
      share.isWanted && owners[index] !== key ? [index] : [],
    )
    const assigned = owners.flatMap((owner, index) => (owner === key && !this.#shares.has(index) ? [index] : []))
    for (const index of revoked) {
      const words = `partition ${index} of "${name}" is given to another member: return soon`
      this.#shares.get(index)?.stop(new LeaseLost(words))
    }
    if (revoked.length > 0) this.#events.emit('revoked', { name, indexes: revoked, generation })
    if (assigned.length > 0) this.#events.emit('assigned', { name, indexes: assigned, generation })
    for (const index of assigned) this.#begin(index, generation)
  }

  /** Stops all, and resolves when all is given back. */
  async end(reason: unknown): Promise<void> {
    this.#isOver = true
    for (const share of this.#shares.values()) share.stop(reason)
    await Promise.all(this.#runs)
  }

  #begin(index: number, generation: bigint): void {
    const plan = { ...this.#place, index, generation, name: this.#place.partition(index) }
    const share = new PartitionShare(this.#client, plan, this.#events)
    this.#shares.set(index, share)
    const run = share
      .run()
      .catch((error: unknown) => this.#onFailure(error))
      .then(() => {
        this.#shares.delete(index)
        this.#runs.delete(run)
        // It may have been given back to this member while its work was still stopping.
        if (this.#known !== undefined) this.follow(this.#known)
      })
    this.#runs.add(run)
  }
}
