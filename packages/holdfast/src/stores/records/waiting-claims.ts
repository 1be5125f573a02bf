/** The claims of this process that wait: how each was last answered, and what a notice said of its grant since. */
import { type Held, type Situation, situationOf, type Standing } from '../../store/standing.ts'
import type { Stamp } from '../../time/clock.ts'
import type { PushedGrant, HeardNotice, RecordEngine } from './engine.ts'

interface WaitingAnswer {
  readonly situation: Situation
  /** The highest token of the line in that answer: a grant came after it exactly if its token is higher. */
  readonly lastToken: bigint
  grant?: PushedGrant
}

export class WaitingClaims {
  /** A claim that is not here holds, or is not ours. */
  readonly #answers = new Map<string, WaitingAnswer>()

  get size(): number {
    return this.#answers.size
  }

  has(id: string): boolean {
    return this.#answers.has(id)
  }

  situationOf(id: string): Situation {
    return this.#answers.get(id)?.situation ?? 'held'
  }

  /** Without `lastToken` for news of a claim that waited before as well. */
  answered(id: string, standing: Standing, lastToken: bigint = this.#answers.get(id)?.lastToken ?? 0n): void {
    if (standing.kind === 'queued') this.#answers.set(id, { situation: situationOf(standing), lastToken })
    else if (this.#answers.size > 0) this.#answers.delete(id)
  }

  end(id: string): void {
    this.#answers.delete(id)
  }

  heard({ id = '', grant }: HeardNotice): void {
    const answer = this.#answers.get(id)
    if (answer !== undefined && grant !== undefined && grant.token > answer.lastToken) answer.grant = grant
  }

  /** The grant that a notice brought, while its life lasts: it is renewed soon, so it need not be looked up. */
  pushedTo(id: string, engine: RecordEngine, now: Stamp): Held | undefined {
    const grant = this.#answers.get(id)?.grant
    const askedAt = grant === undefined ? undefined : engine.stampAt?.(grant.atMs)
    if (grant === undefined || askedAt === undefined) return undefined
    const { token, lifeMs } = grant
    if (askedAt.monotonicMs + lifeMs <= now.monotonicMs) return undefined
    return { kind: 'held', token, lifeMs, provisional: true, askedAt }
  }
}
