/** What a Holdfast server promises: what the store behind it does, read again whenever the server says that it may be something else. */
import { StoreUnavailable } from '../../store/errors.ts'
import type { Facts } from '../../store/facts.ts'
import type { StoreEnvironment } from '../../store/store.ts'
import { factsIn, objectIn, textIn } from '../http-driver/answers.ts'
import { serverError } from '../http-driver/errors.ts'

/** Of the seam over HTTP: another one is not understood. */
const VERSION = 1
const WHAT = 'opening'

export class SeamFacts {
  readonly #host: string
  readonly #environment: StoreEnvironment
  readonly #ask: () => Promise<unknown>
  #facts: Facts | undefined
  #tag: string | undefined
  #isReading = false

  constructor(host: string, environment: StoreEnvironment, ask: () => Promise<unknown>) {
    this.#host = host
    this.#environment = environment
    this.#ask = ask
  }

  get facts(): Facts {
    if (this.#facts === undefined) throw new StoreUnavailable('this store is not open yet')
    return this.#facts
  }

  /** The tag of an answer. Another one is of other facts, or of another server. */
  seen(tag: string): void {
    if (tag === '' || tag === this.#tag || this.#isReading) return
    // What cannot be read now is read with the next answer.
    this.read().catch(() => undefined)
  }

  async read(): Promise<void> {
    this.#isReading = true
    try {
      const body = objectIn(await this.#ask())
      const facts = this.#factsThrough(body)
      this.#take(textIn(body['tag']), facts)
    } catch (error) {
      throw serverError(error, WHAT)
    } finally {
      this.#isReading = false
    }
  }

  #factsThrough({ seam, facts }: Readonly<Record<string, unknown>>): Facts {
    if (seam !== VERSION) {
      const words = `the Holdfast server speaks version ${String(seam)} of the seam, and this library ${VERSION}`
      throw new StoreUnavailable(`${words}: take the same version of both`, { isFinal: true })
    }
    const { endsWithProcess, ...behind } = factsIn(facts)
    const lasts =
      endsWithProcess === true ? ', and a claim lasts for its ttl although its program or the server is killed' : ''
    return {
      ...behind,
      engine: `HTTP to ${behind.engine}`,
      reasons: [...behind.reasons, `Through the Holdfast server at ${this.#host}, which only carries calls${lasts}.`],
    }
  }

  #take(tag: string, facts: Facts): void {
    const before = this.#facts
    this.#tag = tag
    this.#facts = facts
    const isNews = before !== undefined && JSON.stringify(before) !== JSON.stringify(facts)
    if (isNews) this.#environment.factsChanged?.(facts)
  }
}
