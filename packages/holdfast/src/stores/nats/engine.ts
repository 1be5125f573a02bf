/** A bucket over one connection: what it promises now, its entries, and the notices behind each change. */
import { OutcomeUnknown, StoreUnavailable } from '../../store/errors.ts'
import type { Facts } from '../../store/facts.ts'
import type { StoreEnvironment } from '../../store/store.ts'
import { describeBucket, type NatsStream, openBucket } from '../nats-driver/bucket.ts'
import type { NatsClient, NatsModule } from '../nats-driver/client.ts'
import { NatsLink } from '../nats-driver/link.ts'
import { NatsRequests } from '../nats-driver/requests.ts'
import type { Notice, OnNotice } from '../records/engine.ts'
import type { StoredReading, SwapEngine, SwapResult } from '../records/swap-engine.ts'
import { natsFactsOf } from './facts.ts'
import { LineEntries } from './line-entries.ts'
import { NatsNotices } from './notices.ts'

export interface NatsSetup {
  readonly bucket: string
  /** Of a bucket that is made. @default 3 in a cluster, else 1 */
  readonly replicas: number | undefined
  readonly syncsAlways: boolean
}

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
  readonly #parts: NatsEngineParts
  readonly #link: NatsLink
  readonly #requests: NatsRequests
  readonly #entries: LineEntries
  readonly #notices: NatsNotices
  #facts: Facts | undefined

  constructor(parts: NatsEngineParts) {
    const { client, module, setup, environment, onNotice } = parts
    this.#parts = parts
    this.#link = new NatsLink(client, {
      lost: () => environment.troubled?.(new StoreUnavailable('the connection to NATS was lost; it is made again')),
      restored: () => void this.#restored(),
    })
    this.#requests = new NatsRequests(client, module, environment.bounded, this.#link)
    this.#entries = new LineEntries(this.#requests, setup.bucket)
    this.#notices = new NatsNotices(client, setup.bucket, onNotice)
    this.channel = this.#notices.channel
  }

  get facts(): Facts {
    if (this.#facts === undefined) throw new StoreUnavailable('NATS was not asked yet what it promises')
    return this.#facts
  }

  async open(): Promise<void> {
    const { client, setup } = this.#parts
    await this.#notices.hear()
    this.#facts = this.#factsOf(await openBucket(this.#requests, setup.bucket, client, setup.replicas))
  }

  read(key: string): Promise<StoredReading> {
    return this.#entries.read(key)
  }

  async swap(key: string, seen: string | undefined, text: string, notices: readonly Notice[]): Promise<SwapResult> {
    try {
      const result = await this.#entries.swap(key, seen, text)
      if (result.version !== undefined) this.#notices.send(notices)
      return result
    } catch (error) {
      // It may have been written, and then nobody else says so.
      if (error instanceof OutcomeUnknown) this.#notices.send(notices)
      throw error
    }
  }

  list(prefix: string, after: string, limit: number): Promise<readonly string[]> {
    return this.#entries.list(prefix, after, limit)
  }

  async close(): Promise<void> {
    this.#notices.close()
    this.#link.close()
    await this.#parts.own?.close()
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
    return natsFactsOf(stream, { version: client.info?.version ?? '', syncsAlways, isDeaf: this.#notices.isDeaf })
  }
}
