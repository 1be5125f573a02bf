/**
 * What the store promises now. A connection that is made anew may lead to another server, or to the same one with another
 * configuration, so the server is asked again before anything that it grants is handed out.
 */
import { NotApplied, OutcomeUnknown } from '../../store/errors.ts'
import type { Facts } from '../../store/facts.ts'
import { engineError } from '../redis-driver/errors.ts'

export interface CurrentFactsOptions {
  /** Asks the servers; rejects with the errors of the seam. */
  readonly probe: () => Promise<Facts>
  readonly onChange: (facts: Facts) => void
}

export class CurrentFacts {
  readonly #options: CurrentFactsOptions
  #facts: Facts
  /** Counts the connections that ended. */
  #doubts = 0
  /** As many doubts are settled. */
  #settled = 0
  #probing: Promise<void> | undefined

  constructor(facts: Facts, options: CurrentFactsOptions) {
    this.#facts = facts
    this.#options = options
  }

  get facts(): Facts {
    return this.#facts
  }

  /** How many connections have ended. */
  get doubts(): number {
    return this.#doubts
  }

  /** No connection has ended since the servers were asked. */
  get areCurrent(): boolean {
    return this.#settled === this.#doubts
  }

  /** A connection ended. */
  doubt(): void {
    this.#doubts += 1
  }

  /** Asks again, where a connection has ended. Several callers are answered together. */
  async settle(): Promise<void> {
    if (this.areCurrent) return
    this.#probing ??= this.#probe().finally(() => {
      this.#probing = undefined
    })
    await this.#probing
  }

  /** Before a request: without an answer nothing is sent. */
  async settleBefore(what: string): Promise<void> {
    try {
      await this.settle()
    } catch (error) {
      const { message, cause, isFinal } = engineError(error, what)
      throw new NotApplied(`${what}: a new connection, of which the server is not known yet: ${message}`, {
        cause,
        isFinal,
      })
    }
  }

  /** After a request that was in flight when a connection ended: what another server granted may be worth less. */
  async settleAfter(what: string): Promise<void> {
    try {
      await this.settle()
    } catch (error) {
      const { message, cause } = engineError(error, what)
      throw new OutcomeUnknown(
        `${what}: answered over a new connection, of which the server is not known: ${message}`,
        {
          cause,
        },
      )
    }
    if (!this.areCurrent) throw new OutcomeUnknown(`${what}: the connection to Redis ended again and again`)
  }

  async #probe(): Promise<void> {
    const doubts = this.#doubts
    const facts = await this.#options.probe()
    const isChanged = JSON.stringify(facts) !== JSON.stringify(this.#facts)
    this.#facts = facts
    this.#settled = doubts
    if (isChanged) this.#options.onChange(facts)
  }
}
