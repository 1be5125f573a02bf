/**
 * Which run of a server has which claim, where claims live as long as a session of the server: another one behind the same
 * balancer does not know them, and the one that had them may be gone for good.
 */
import type { Ref } from '../../store/claim.ts'

interface ClaimInstance {
  readonly instance: string
  /** The claim is surely over, by the monotonic clock of this machine. */
  endsAtMs: number
}

export class ClaimInstances {
  readonly #claims = new Map<string, ClaimInstance>()
  /** Of the next new claim. */
  #current = ''

  /** The one that answered last. */
  answeredBy(instance: string): void {
    this.#current = instance
  }

  /** The one that an ask of this claim is for, from the first on. */
  bind(id: string, endsAtMs: number): string {
    const known = this.#claims.get(id)
    if (known === undefined) this.#claims.set(id, { instance: this.#current, endsAtMs })
    return known?.instance ?? this.#current
  }

  of({ id }: Ref): string | undefined {
    return this.#claims.get(id)?.instance
  }

  prolong(id: string, endsAtMs: number): void {
    const known = this.#claims.get(id)
    if (known !== undefined) known.endsAtMs = Math.max(known.endsAtMs, endsAtMs)
  }

  /** Nothing prolonged it in time: the run that had it let it go, or died. */
  isOver(id: string, nowMs: number): boolean {
    return nowMs >= (this.#claims.get(id)?.endsAtMs ?? Number.POSITIVE_INFINITY)
  }

  delete(id: string): void {
    this.#claims.delete(id)
  }
}
