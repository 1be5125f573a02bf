/** A subject of this process's own, on which others send it texts, and those of the others and of lines. */
import type { NatsClient } from './client.ts'
import { natsError } from './errors.ts'
import { keyOf } from './keys.ts'

export class NatsMailbox {
  readonly address: string = crypto.randomUUID()
  readonly #client: NatsClient
  readonly #bucket: string
  #subscription: { unsubscribe(): void } | undefined
  #isDeaf = false

  constructor(client: NatsClient, bucket: string) {
    this.#client = client
    this.#bucket = bucket
  }

  /** Begins to hear that a line changed, and returns how to end it. */
  listen(resource: string, onChange: () => void): () => void {
    const subscription = this.#client.subscribe(this.#subjectOf(lineOf(resource)), {
      callback: (error) => {
        if (error === null) onChange()
      },
    })
    return () => subscription.unsubscribe()
  }

  /** To processes that listen to the line. */
  announce(resource: string): void {
    this.send(lineOf(resource), '')
  }

  /** Whether this user may not hear. */
  get isDeaf(): boolean {
    return this.#isDeaf
  }

  /** The server refuses a subscription before it answers what was sent behind it. */
  async hear(onText: (text: string) => void): Promise<void> {
    this.#subscription = this.#client.subscribe(this.#subjectOf(this.address), {
      callback: (error, message) => {
        if (error === null) onText(message.string())
        else this.#isDeaf = true
      },
    })
    await this.#client.flush().catch((error: unknown) => {
      throw natsError(error, 'opening')
    })
  }

  send(address: string, text: string): void {
    try {
      this.#client.publish(this.#subjectOf(address), text)
    } catch {
      // The connection is closed: a waiter that is told nothing looks by itself.
    }
  }

  close(): void {
    this.#subscription?.unsubscribe()
  }

  #subjectOf(address: string): string {
    return `holdfast.notices.${this.#bucket}.${address}`
  }
}

/** Where changes of a line are announced, beside the addresses of processes. */
function lineOf(resource: string): string {
  return `lines.${keyOf(resource)}`
}
