/** The store that programs with a client of their own share: their claims live in its engine, and this process only carries calls. */
import type { Claim, Facts, LeaveOptions, OpenStore, Ref, Renewal, RenewAnswer, Standing, Store } from 'holdfast'
import { openStore, systemClock } from 'holdfast/testing'
import { ClaimLives } from './claim-lives.ts'
import { Refusal } from './refusal.ts'

export class Seam {
  readonly store: OpenStore
  readonly #instance: string
  readonly #lives: ClaimLives | undefined
  readonly #factsCount: () => number

  private constructor(store: OpenStore, instance: string, factsCount: () => number) {
    this.store = store
    this.#instance = instance
    this.#factsCount = factsCount
    this.#lives = store.facts.ttl.per === 'session' ? new ClaimLives(store) : undefined
  }

  static async open(store: Store, instance: string): Promise<Seam> {
    let factsCount = 1
    const factsChanged = (): void => {
      factsCount += 1
    }
    return new Seam(await openStore(store, systemClock, { factsChanged }), instance, () => factsCount)
  }

  /** Another text as soon as the store promises something else. */
  get factsTag(): string {
    return `${this.#instance}.${this.#factsCount()}`
  }

  get facts(): Facts {
    return this.store.facts
  }

  /** A claim of another run of this server, or of another server, is not known here. */
  checkInstance(asked: string | undefined): void {
    if (asked === undefined || asked === this.#instance) return
    throw new Refusal('WRONG_INSTANCE', 'this is another run of the server than the one that has the claim')
  }

  async enter(claim: Claim): Promise<Standing> {
    this.#lives?.enters(claim)
    const standing = await this.#answered(claim.id, this.store.enter(claim))
    return await this.detached(claim, standing)
  }

  async renew(renewals: readonly Renewal[]): Promise<readonly RenewAnswer[]> {
    for (const { ref } of renewals) this.#lives?.asks(ref.id)
    const answers = await this.store.renew(renewals).catch((error: unknown) => {
      for (const { ref } of renewals) this.#lives?.answered(ref.id, undefined)
      throw error
    })
    for (const [index, { ref }] of renewals.entries()) this.#lives?.answered(ref.id, answers[index])
    return answers
  }

  async leave(ref: Ref, options: LeaveOptions): Promise<'left' | 'gone'> {
    const outcome = await this.store.leave(ref, options)
    this.#lives?.ended(ref.id)
    return outcome
  }

  /** A grant that is told must last for its life although this process is killed. */
  async detached(ref: Ref, standing: Standing): Promise<Standing> {
    if (standing.kind !== 'held' || this.facts.endsWithProcess !== true) return standing
    const { token, lifeMs: ttlMs } = standing
    const [answer] = await this.store.renew([{ ref: { ...ref, token }, ttlMs, outlives: true }])
    if (answer === undefined || !('kind' in answer)) throw answer ?? new Error('a renewal had no answer')
    return answer.kind === 'held' ? standing : answer
  }

  async close(): Promise<void> {
    this.#lives?.close()
    await this.store.close()
  }

  async #answered(id: string, asked: Promise<Standing>): Promise<Standing> {
    const standing = await asked.catch((error: unknown) => {
      this.#lives?.answered(id, undefined)
      throw error
    })
    this.#lives?.answered(id, standing)
    return standing
  }
}
