/** A bucket over one connection: what it promises now, its lines, and the notices behind each change. */
import { OutcomeUnknown, StoreUnavailable } from '../../store/errors.ts'
import type { Facts } from '../../store/facts.ts'
import type { StoreEnvironment } from '../../store/store.ts'
import { describeBucket, openBucket } from '../nats-driver/bucket.ts'
import type { NatsSetup } from '../nats-driver/bucket-options.ts'
import type { NatsClient, NatsModule } from '../nats-driver/client.ts'
import { BucketEntries } from '../nats-driver/entries.ts'
import { NatsLink } from '../nats-driver/link.ts'
import { NatsMailbox } from '../nats-driver/mailbox.ts'
import { NatsRequests } from '../nats-driver/requests.ts'
import type { NatsStream } from '../nats-driver/stream.ts'
import type { Notice, OnNotice } from '../records/engine.ts'
import { messageOf, noticeIn } from '../records/notice-text.ts'
import type { SwapEngine, SwapResult } from '../records/swap-engine.ts'
import { natsFactsOf } from './facts.ts'
import { lineEntries } from './line-entries.ts'

export interface NatsEngineParts {
  readonly client: NatsClient
  /** The same, where it ends with the store. */
  readonly own: NatsClient | undefined
  readonly module: NatsModule
  readonly setup: NatsSetup
  readonly environment: StoreEnvironment
  readonly onNotice: OnNotice
}

export class NatsEngine implements SwapEngine {
  readonly refusalTells = true
  readonly channel: string
  readonly read: SwapEngine['read']
  readonly list: SwapEngine['list']
  readonly #swap: SwapEngine['swap']
  readonly #parts: NatsEngineParts
  readonly #link: NatsLink
  readonly #requests: NatsRequests
  readonly #mailbox: NatsMailbox
  #facts: Facts | undefined

  constructor(parts: NatsEngineParts) {
    const { client, module, setup, environment } = parts
    this.#parts = parts
    this.#link = new NatsLink(client, {
      lost: () => environment.troubled?.(new StoreUnavailable('the connection to NATS was lost; it is made again')),
      restored: () => void this.#restored(),
    })
    this.#requests = new NatsRequests(client, module, environment.bounded, this.#link)
    const { read, swap, list } = lineEntries(new BucketEntries(this.#requests, setup.bucket))
    this.read = read
    this.list = list
    this.#swap = swap
    this.#mailbox = new NatsMailbox(client, setup.bucket)
    this.channel = this.#mailbox.address
  }

  get facts(): Facts {
    if (this.#facts === undefined) throw new StoreUnavailable('NATS was not asked yet what it promises')
    return this.#facts
  }

  async open(): Promise<void> {
    const { client, setup, onNotice } = this.#parts
    await this.#mailbox.hear((text) => {
      const notice = noticeIn(text)
      if (notice !== undefined) onNotice(notice)
    })
    this.#facts = this.#factsOf(await openBucket(this.#requests, setup.bucket, client, setup.replicas))
  }

  async swap(key: string, seen: string | undefined, text: string, notices: readonly Notice[]): Promise<SwapResult> {
    try {
      const result = await this.#swap(key, seen, text, notices)
      if (result.version !== undefined) this.#tell(key, notices)
      return result
    } catch (error) {
      if (error instanceof OutcomeUnknown) this.#tell(key, notices)
      throw error
    }
  }

  listen(key: string): () => void {
    return this.#mailbox.listen(key, () => this.#parts.onNotice({ resource: key }))
  }

  async close(): Promise<void> {
    this.#mailbox.close()
    this.#link.close()
    await this.#parts.own?.close()
  }

  #tell(key: string, notices: readonly Notice[]): void {
    this.#mailbox.announce(key)
    for (const notice of notices) {
      const { channel, text } = messageOf(notice)
      this.#mailbox.send(channel, text)
    }
  }

  /** Notices may have been lost meanwhile, and the server may be another one. */
  async #restored(): Promise<void> {
    const { environment, onNotice, setup } = this.#parts
    onNotice()
    try {
      this.#facts = this.#factsOf(await describeBucket(this.#requests, setup.bucket, 'looking at the bucket'))
      environment.factsChanged?.(this.#facts)
    } catch (error) {
      if (error instanceof StoreUnavailable) environment.troubled?.(error)
    }
  }

  #factsOf(stream: NatsStream): Facts {
    const { client, setup } = this.#parts
    const { syncsAlways } = setup
    return natsFactsOf(stream, { version: client.info?.version ?? '', syncsAlways, isDeaf: this.#mailbox.isDeaf })
  }
}
