/**
 * Claims in a store whose claims live as long as a session of this process, which goes on for programs that died: each is left
 * at the end of what its program may believe. A claim is not left while a request for it is under way.
 */
import type { OpenStore, Ref, RenewAnswer } from 'holdfast'
import { systemClock } from 'holdfast/testing'
import { Refusal } from './refusal.ts'

interface ClaimLife {
  readonly ref: Ref
  readonly lockDelayMs: number
  /** On the monotonic clock of stamps. */
  endsAtMs: number
  token: bigint | undefined
  requests: number
  timer: NodeJS.Timeout | undefined
}

export interface NewClaim extends Ref {
  readonly ttlMs: number
  readonly lockDelayMs: number
}

const CLAIMS_MAX = 100_000
/** A leave that failed is repeated so often, and then the session ends the claim with all others. */
const LEAVES_MAX = 30
const LEAVE_AGAIN_MS = 1_000

export class ClaimLives {
  readonly #store: Pick<OpenStore, 'leave'>
  readonly #lives = new Map<string, ClaimLife>()

  constructor(store: Pick<OpenStore, 'leave'>) {
    this.#store = store
  }

  /** Before the store is asked for it. */
  enters({ resource, id, ttlMs, lockDelayMs }: NewClaim): void {
    const endsAtMs = systemClock.monotonicMs() + ttlMs
    if (!this.#lives.has(id)) {
      if (this.#lives.size >= CLAIMS_MAX) {
        throw new Refusal('LIMITED', `this server carries at most ${CLAIMS_MAX} claims that live in its sessions`)
      }
      const ref = { resource, id }
      this.#lives.set(id, { ref, lockDelayMs, endsAtMs, token: undefined, requests: 0, timer: undefined })
    }
    this.asks(id)
  }

  /** A renewal is on its way. */
  asks(id: string): void {
    const life = this.#lives.get(id)
    if (life === undefined) return
    life.requests += 1
    clearTimeout(life.timer)
  }

  /** `undefined`: no answer, so no program may believe more than before. */
  answered(id: string, answer: RenewAnswer | undefined): void {
    const life = this.#lives.get(id)
    if (life === undefined) return
    life.requests -= 1
    if (answer !== undefined && 'kind' in answer) {
      if (answer.kind === 'gone' || answer.kind === 'refused') return this.ended(id)
      const fromMs = answer.kind === 'held' ? answer.askedAt.monotonicMs : systemClock.monotonicMs()
      life.endsAtMs = Math.max(life.endsAtMs, fromMs + (answer.lifeMs ?? 0))
      if (answer.kind === 'held') life.token = answer.token
    }
    if (life.requests === 0) this.#arm(life)
  }

  ended(id: string): void {
    clearTimeout(this.#lives.get(id)?.timer)
    this.#lives.delete(id)
  }

  /** What is left ends with its session. */
  close(): void {
    for (const { timer } of this.#lives.values()) clearTimeout(timer)
    this.#lives.clear()
  }

  #arm(life: ClaimLife): void {
    clearTimeout(life.timer)
    const leftMs = Math.ceil(life.endsAtMs - systemClock.monotonicMs())
    life.timer = setTimeout(() => void this.#leave(life), Math.max(0, leftMs))
  }

  /** As if it had run out: with its lock-delay. */
  async #leave({ ref, lockDelayMs, token }: ClaimLife): Promise<void> {
    this.#lives.delete(ref.id)
    const [full, options] = token === undefined ? [ref, {}] : [{ ...ref, token }, { keepMs: lockDelayMs }]
    for (let leaves = 0; leaves < LEAVES_MAX; leaves += 1) {
      const isDone = await this.#store.leave(full, options).then(
        () => true,
        () => false,
      )
      if (isDone) return
      await new Promise((resolve) => setTimeout(resolve, LEAVE_AGAIN_MS).unref())
    }
  }
}
