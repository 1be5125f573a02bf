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

/** As a ledger takes it. */
export interface EntryText {
  readonly value: string
  /** Absent where an interruption is to be settled. */
  readonly keep?: number
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

  async put(lease: HeldLease, entry: EntryText): Promise<void> {
    await putInTheEnd(this.#client, this.ledger, lease, entry)
  }

  /** It has no end: where it is not followed by an outcome, it is for `settle` to say what happened. */
  begun(traits: AttemptTraits): EntryText {
    return this.#text({ ...traits, state: 'running' })
  }

  done({ attempt, fingerprint }: AttemptTraits, returned: unknown): EntryText {
    return this.#text({ attempt, fingerprint, state: 'done', returned, untilMs: this.#untilMs() })
  }

  failed(traits: AttemptTraits, threw: unknown): EntryText {
    const error = (threw instanceof Error ? threw.message : String(threw)).slice(0, ERROR_LENGTH_MAX)
    return this.#text({ ...traits, state: 'failed', error, untilMs: this.#untilMs() })
  }

  /** Nothing has happened, and the next attempt is counted. */
  free({ attempt }: AttemptTraits): EntryText {
    return this.#text({ attempt, state: 'free', untilMs: this.#untilMs() })
  }

  #text(entry: Omit<KeyEntry, 'owner' | 'atMs'>): EntryText {
    const value = entryText({ ...entry, owner: this.#client.owner, atMs: this.#client.clock.wallMs() })
    return entry.untilMs === undefined ? { value } : { value, keep: this.#options.keepMs }
  }

  #found(name: string, stored: { readonly value: string; readonly token: bigint } | null): WrittenEntry | undefined {
    const found = foundIn(name, stored, this.#client.clock.wallMs())
    return found?.state === 'failed' && !this.#options.keepsFailures ? { ...found, state: 'free' } : found
  }

  #untilMs(): number {
    return this.#client.clock.wallMs() + this.#options.keepMs
  }
}
