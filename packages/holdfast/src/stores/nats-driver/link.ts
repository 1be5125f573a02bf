/** Whether the connection is up, by what the client says: it connects again by itself, and keeps meanwhile what it is given to send. */
import { OutcomeUnknown, StoreUnavailable } from '../../store/errors.ts'
import type { NatsClient } from './client.ts'
import { keepErrorsHeard } from './socket-errors.ts'

export interface NatsLinkEvents {
  lost(): void
  /** Subscriptions are in place again. */
  restored(): void
}

export class NatsLink {
  readonly #client: NatsClient
  readonly #statuses: ReturnType<NatsClient['status']> & { stop?(): void }
  #isUp = true
  #loss = Promise.withResolvers<never>()

  constructor(client: NatsClient, events: NatsLinkEvents) {
    this.#client = client
    this.#statuses = client.status()
    this.#loss.promise.catch(nothing)
    keepErrorsHeard(client)
    void this.#follow(events).catch(nothing)
  }

  /** The answer, or that it is unknown as soon as the connection is lost. What would only wait in the client is not sent. */
  async answerOf<Answer>(ask: () => Promise<Answer>, what: string): Promise<Answer> {
    if (this.#client.isClosed()) throw new StoreUnavailable(`${what}: the connection to NATS was closed`)
    if (!this.#isUp) {
      throw new StoreUnavailable(`${what}: NATS cannot be reached at the moment; the client goes on connecting`)
    }
    return await Promise.race([ask(), this.#loss.promise])
  }

  close(): void {
    this.#statuses.stop?.()
  }

  async #follow(events: NatsLinkEvents): Promise<void> {
    for await (const { type } of this.#statuses) {
      if (type === 'disconnect' && this.#isUp) {
        this.#isUp = false
        this.#loss.reject(new OutcomeUnknown('the connection to NATS was lost before the answer came'))
        events.lost()
      }
      if (type === 'reconnect') {
        keepErrorsHeard(this.#client)
        this.#isUp = true
        this.#loss = Promise.withResolvers<never>()
        this.#loss.promise.catch(nothing)
        events.restored()
      }
    }
  }
}

function nothing(): void {
  // Whoever waits for it has its own answer.
}
