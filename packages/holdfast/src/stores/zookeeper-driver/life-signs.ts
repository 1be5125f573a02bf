/**
 * What is known of the life of a session. A follower that lost its leader answers pings for a while, and the leader, which
 * alone ends sessions, does not hear of them: the newest answered ping is a sign of life only once another one was
 * answered that was sent later by as much as that may take.
 *
 * A follower with a syncLimit of 2,000 ms answered until 1,992 to 1,998 ms after its leader stood still, in six of six runs.
 */
import type { Stamp } from '../../time/clock.ts'

/** More answered pings than this in one lag prove nothing more. */
const PINGS_MAX = 1_000

export class LifeSigns {
  #seenByLeader: Stamp
  /** When answered pings were sent, oldest first. */
  readonly #answered: Stamp[] = []

  /** `sentAt`: just before the connect was sent that the leader confirmed. */
  constructor(sentAt: Stamp) {
    this.#seenByLeader = sentAt
  }

  /** The leader itself confirmed the session. */
  confirmed(sentAt: Stamp): void {
    if (sentAt.monotonicMs > this.#seenByLeader.monotonicMs) this.#seenByLeader = sentAt
  }

  answered(sentAt: Stamp): void {
    this.#answered.push(sentAt)
    if (this.#answered.length > PINGS_MAX) this.#answered.shift()
  }

  /** The newest sign of life, whether the leader has heard of it or not. */
  get newest(): Stamp {
    const answered = this.#answered.at(-1)
    return answered === undefined || answered.monotonicMs < this.#seenByLeader.monotonicMs
      ? this.#seenByLeader
      : answered
  }

  /** The newest sign of life that the leader has surely heard of, where a follower may be cut off from it for `lagMs`. */
  knownToLeader(lagMs: number): Stamp {
    const provenUntilMs = this.newest.monotonicMs - lagMs
    const index = this.#answered.findLastIndex(({ monotonicMs }) => monotonicMs <= provenUntilMs)
    const proven = this.#answered[index]
    if (proven !== undefined) {
      this.#answered.splice(0, index)
      this.confirmed(proven)
    }
    return this.#seenByLeader
  }
}
