/** Notices to other processes, each on a subject of its own: sent after the change is done, and a hint to look. */
import type { NatsClient } from '../nats-driver/client.ts'
import { natsError } from '../nats-driver/errors.ts'
import type { Notice, OnNotice } from '../records/engine.ts'
import { messageOf, noticeIn } from '../records/notice-text.ts'

export class NatsNotices {
  readonly channel: string = crypto.randomUUID()
  readonly #client: NatsClient
  readonly #bucket: string
  readonly #onNotice: OnNotice
  #subscription: { unsubscribe(): void } | undefined
  #isDeaf = false

  constructor(client: NatsClient, bucket: string, onNotice: OnNotice) {
    this.#client = client
    this.#bucket = bucket
    this.#onNotice = onNotice
  }

  /** Whether this user may not hear them. */
  get isDeaf(): boolean {
    return this.#isDeaf
  }

  /** The server refuses a subscription before it answers what was sent behind it. */
  async hear(): Promise<void> {
    this.#subscription = this.#client.subscribe(this.#subjectOf(this.channel), {
      callback: (error, message) => {
        if (error !== null) {
          this.#isDeaf = true
          return
        }
        const notice = noticeIn(message.string())
        if (notice !== undefined) this.#onNotice(notice)
      },
    })
    await this.#client.flush().catch((error: unknown) => {
      throw natsError(error, 'opening')
    })
  }

  send(notices: readonly Notice[]): void {
    for (const { channel, text } of notices.map(messageOf)) {
      try {
        this.#client.publish(this.#subjectOf(channel), text)
      } catch {
        // The connection is closed: a waiter that is told nothing looks by itself.
      }
    }
  }

  close(): void {
    this.#subscription?.unsubscribe()
  }

  #subjectOf(channel: string): string {
    return `holdfast.notices.${this.#bucket}.${channel}`
  }
}
