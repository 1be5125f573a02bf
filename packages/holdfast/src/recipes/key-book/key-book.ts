/** The book of keys in a ledger: read without a lock, written under the token of the lock of a key. */
import type { LockClient } from '../../client/client.ts'
import type { HeldLease } from '../../lease/held-lease.ts'
import { type Ledger, putInTheEnd } from '../ledger.ts'
import { entryText, foundIn, type KeyEntry, type WrittenEntry } from './key-entry.ts'

export interface KeyBookOptions {
  readonly ledger: Ledger
  readonly keepMs: number
  /** A failure is an outcome, and not free for the next attempt. */
  readonly keepsFailures: boolean
}

/** What all entries of an attempt say. */
export type AttemptTraits = Pick<KeyEntry, 'attempt' | 'fingerprint'>

const ERROR_LENGTH_MAX = 500

export class KeyBook {
  readonly ledger: Ledger
  readonly #client: LockClient
  readonly #options: KeyBookOptions

  constructor(client: LockClient, options: KeyBookOptions) {
    this.#client = client
    this.#options = options
    this.ledger = options.ledger
  }

  async read(name: string): Promise<WrittenEntry | undefined> {
    return this.#found(name, await this.ledger.get({ namespace: this.#client.namespace, name }))
  }

  /** Shuts out every earlier holder. */
  async enter(lease: HeldLease): Promise<WrittenEntry | undefined> {
    return this.#found(lease.name, await this.ledger.enter(lease))
  }

  async put(lease: HeldLease, text: string): Promise<void> {
    await putInTheEnd(this.#client, this.ledger, lease, text)
  }

  /** It has no end: where it is not followed by an outcome, it is for `settle` to say what happened. */
  begun(traits: AttemptTraits): string {
    return this.#text({ ...traits, state: 'running' })
  }

  done({ attempt, fingerprint }: AttemptTraits, returned: unknown): string {
    return this.#text({ attempt, fingerprint, state: 'done', returned, untilMs: this.#untilMs() })
  }

  failed(traits: AttemptTraits, threw: unknown): string {
    const error = (threw instanceof Error ? threw.message : String(threw)).slice(0, ERROR_LENGTH_MAX)
    return this.#text({ ...traits, state: 'failed', error, untilMs: this.#untilMs() })
  }

  /** Nothing has happened, and the next attempt is counted. */
  free({ attempt }: AttemptTraits): string {
    return this.#text({ attempt, state: 'free', untilMs: this.#untilMs() })
  }

  #text(entry: Omit<KeyEntry, 'owner' | 'atMs'>): string {
    return entryText({ ...entry, owner: this.#client.owner, atMs: this.#client.clock.wallMs() })
  }

  #found(name: string, stored: { readonly value: string; readonly token: bigint } | null): WrittenEntry | undefined {
    const found = foundIn(name, stored, this.#client.clock.wallMs())
    return found?.state === 'failed' && !this.#options.keepsFailures ? { ...found, state: 'free' } : found
  }

  #untilMs(): number {
    return this.#client.clock.wallMs() + this.#options.keepMs
  }
}
