/**
 * What the store promises now. A connection that is made anew may lead to another server, or to the same one with another
 * configuration, so the server is asked again before anything that it grants is handed out.
 */
import { type Clock, sleep } from '../../time/clock.ts'
import { NotApplied, OutcomeUnknown } from '../../store/errors.ts'
import type { Facts } from '../../store/facts.ts'
import { engineError } from './errors.ts'
import type { ServerFindings } from './probe.ts'

/** Between two questions to servers that do not answer. */
const RETRY_MS = 1_000

/** Each connection that ends while the servers are asked makes the answer an old one. */
const PROBES_MAX = 5

export interface CurrentFactsOptions {
  readonly clock: Clock
  /** Asks the servers; rejects with the errors of the seam. */
  readonly probe: () => Promise<readonly ServerFindings[]>
  readonly factsOf: (findings: readonly ServerFindings[]) => Facts
  /** Not for the first facts. */
  readonly onChange: (facts: Facts) => void
}

export class CurrentFacts {
  readonly #options: CurrentFactsOptions
  #findings: readonly ServerFindings[] = []
  #facts: Facts | undefined
  /** Counts the connections that ended; the first one is not asked yet. */
  #doubts = 1
  /** As many doubts are settled. */
  #settled = 0
  #probing: Promise<void> | undefined
  #isSettling = false
  #isClosed = false

  constructor(options: CurrentFactsOptions) {
    this.#options = options
  }

  get facts(): Facts {
    if (this.#facts === undefined) throw new TypeError('nothing has been asked yet')
    return this.#facts
  }

  /** What the servers said last. */
  get findings(): readonly ServerFindings[] {
    return this.#findings
  }

  /** How many connections have ended. */
  get doubts(): number {
    return this.#doubts
  }

  /** No connection has ended since the servers were asked. */
  get areCurrent(): boolean {
    return this.#settled === this.#doubts
  }

  /** A connection ended. The servers are asked as soon as they answer again, whether or not a lock is wanted. */
  doubt(): void {
    this.#doubts += 1
    if (!this.#isSettling && this.#facts !== undefined) void this.#settleSoon()
  }

  close(): void {
    this.#isClosed = true
  }

  async #settleSoon(): Promise<void> {
    this.#isSettling = true
    while (!this.areCurrent && !this.#isClosed) {
      await this.settle().catch(() => sleep(this.#options.clock, RETRY_MS))
    }
    this.#isSettling = false
  }

  /** Asks again, where a connection has ended. Several callers are answered together. */
  async settle(): Promise<void> {
    for (let asked = 0; asked < PROBES_MAX && !this.areCurrent; asked += 1) {
      this.#probing ??= this.#probe().finally(() => {
        this.#probing = undefined
      })
      await this.#probing
    }
    if (!this.areCurrent) throw new OutcomeUnknown('opening: the connection to Redis ended again and again')
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
  }

  async #probe(): Promise<void> {
    const doubts = this.#doubts
    this.#findings = await this.#options.probe()
    const before = this.#facts
    this.#facts = this.#options.factsOf(this.#findings)
    this.#settled = doubts
    const isChanged = before !== undefined && JSON.stringify(before) !== JSON.stringify(this.#facts)
    if (isChanged) this.#options.onChange(this.#facts)
  }
}
