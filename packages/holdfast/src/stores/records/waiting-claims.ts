/** The claims of this process that wait: how each was last answered, and what a notice said of its grant since. */
import { type Held, type Situation, situationOf, type Standing } from '../../store/standing.ts'
import type { Stamp } from '../../time/clock.ts'
import type { PushedGrant, HeardNotice, RecordEngine } from './engine.ts'
import type { OwnNews } from './own-news.ts'

interface WaitingAnswer {
  readonly situation: Situation
  /** The highest token of the line in that answer: a grant came after it exactly if its token is higher. */
  readonly lastToken: bigint
  grant?: PushedGrant
}

export class WaitingClaims {
  /** A claim that is not here holds, or is not ours. */
  readonly #answers = new Map<string, WaitingAnswer>()
  /** Of claims that were asked for or wait: whether a notice of them came, or may have been missed, since the last ask. */
  readonly #news = new Map<string, boolean>()
  /** Of these claims: the line as this process changed it since. */
  readonly #own = new Map<string, OwnNews>()

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
    if (standing.kind !== 'queued' && this.#news.size > 0) this.#news.delete(id)
    if (this.#own.size === 0) return
    // What this process did after the answer was made travelled with it, or overtook it.
    const own = this.#own.get(id)
    if (standing.kind !== 'queued' || (own !== undefined && own.line.lastToken <= lastToken)) this.#own.delete(id)
  }

  /** An ask is about to be sent, to an engine that tells of every change. */
  asking(id: string): void {
    this.#news.set(id, false)
  }

  /** It stands as it was answered: nothing was told of it since. */
  isUnchanged(id: string): boolean {
    return this.#news.get(id) === false
  }

  /** A look that has just been sent answers all news but what comes during it. */
  async during<Answer>(id: string, look: Promise<Answer>): Promise<Answer> {
    if (this.#news.has(id)) this.#news.set(id, false)
    try {
      return await look
    } catch (error) {
      if (this.#news.has(id)) this.#news.set(id, true)
      throw error
    }
  }

  end(id: string): void {
    this.#answers.delete(id)
    this.#news.delete(id)
    this.#own.delete(id)
  }

  /** The line as this process left it, once: what it is told later counts. */
  takeOwn(id: string): OwnNews | undefined {
    const own = this.#own.get(id)
    if (own === undefined) return undefined
    this.#own.delete(id)
    if (this.#news.has(id)) this.#news.set(id, false)
    return own
  }

  /** With anything but a notice some may have been missed. */
  heard(notice: HeardNotice | 'unsure' | undefined): void {
    if (typeof notice !== 'object') {
      for (const id of this.#news.keys()) this.#news.set(id, true)
      this.#own.clear()
      return
    }
    const { id = '', grant, own } = notice
    if (own === undefined) this.#own.delete(id)
    else if (this.#answers.has(id) || this.#news.has(id)) this.#own.set(id, own)
    if (this.#news.has(id)) this.#news.set(id, true)
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
