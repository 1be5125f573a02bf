/** The list of servers that a session was opened with, and whether it still is the one of the nodes. */
import { type Agreement, isOutdated, outdated } from './agreement.ts'
import type { Quorum } from './membership.ts'

export class SessionList {
  readonly #agreement: Agreement
  #outdated: string | undefined

  constructor(agreement: Agreement) {
    this.#agreement = agreement
  }

  get quorum(): Quorum {
    return this.#agreement.quorum
  }

  /** So long is a node without its data kept out: the longest lease that any client may take. */
  get keptOutMs(): number {
    return this.#agreement.keptOutMs
  }

  /** For the scripts: the lists that this session knows, the one for a node that is under none, and its generation. */
  get words(): readonly [accepted: string, own: string, generation: string] {
    const { accepted, own, generation } = this.#agreement
    return [accepted.join(' '), own, String(generation)]
  }

  /** A node answered that it is under another list. A session that has been left behind never works again. */
  note(list: string, generation: number): void {
    if (isOutdated(this.#agreement, list, generation)) this.#outdated = list
  }

  assertCurrent(): void {
    if (this.#outdated !== undefined) throw outdated(this.#outdated)
  }
}
