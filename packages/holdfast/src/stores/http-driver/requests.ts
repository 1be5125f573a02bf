/** The requests of a store to a Holdfast server: each is sent once, ends with its limit of time, and fails with an error of ours. */
import type { StoreEnvironment } from '../../store/store.ts'
import type { SeamAnswer, SeamConnection, SeamRequest, SentRequest } from './connection.ts'
import { SeamRefusal, serverError } from './errors.ts'

export class SeamRequests {
  readonly #connection: SeamConnection
  readonly #bounded: StoreEnvironment['bounded']
  readonly #onInstance: (instance: string) => void

  /** `onInstance` is called with the run of the server that answered. */
  constructor(
    connection: SeamConnection,
    { bounded }: Pick<StoreEnvironment, 'bounded'>,
    onInstance: (instance: string) => void,
  ) {
    this.#connection = connection
    this.#bounded = bounded
    this.#onInstance = onInstance
  }

  /** `read` throws for an answer that it does not understand, which is then no answer. */
  async ask<Answer>(what: string, request: SeamRequest, read: (answer: SeamAnswer) => Answer): Promise<Answer> {
    let sent: SentRequest | undefined
    try {
      sent = this.#connection.ask(request)
      const answer = await this.#bounded(sent.answer, what)
      this.#onInstance(answer.instance)
      return read(answer)
    } catch (error) {
      sent?.giveUp()
      if (error instanceof SeamRefusal) this.#onInstance(error.instance)
      throw serverError(error, what)
    }
  }
}
