/** The list of ticks in a ledger: read without a lock, written under the token of the lock of the job. */
import type { LockClient } from '../../client/client.ts'
import type { HeldLease } from '../../lease/held-lease.ts'
import { type Ledger, putInTheEnd } from '../ledger.ts'
import { History } from './history.ts'
import type { RunRecord } from '../tick/tick.ts'
import type { Listing, TickList } from './tick-list.ts'

export interface LedgerTicksOptions {
  readonly ledger: Ledger
  /** That of the lock. */
  readonly name: string
  readonly keep: number
  readonly schedule: string | undefined
}

export class LedgerTicks implements TickList {
  readonly #client: LockClient
  readonly #options: LedgerTicksOptions
  /** Tokens under which a tick may stand in the ledger although no work was called for it. */
  readonly #idle = new Set<bigint>()
  #seen: History

  constructor(client: LockClient, options: LedgerTicksOptions) {
    this.#client = client
    this.#options = options
    this.#seen = History.parse(options.name, undefined)
  }

  get seen(): History {
    return this.#seen
  }

  async read(): Promise<History> {
    const { ledger, name } = this.#options
    return this.#parsed(await ledger.get({ namespace: this.#client.namespace, name }))
  }

  async find(tick: Date): Promise<Listing | undefined> {
    return this.#listing(await this.read(), tick)
  }

  async begin(lease: HeldLease, record: RunRecord): Promise<Listing | { readonly previous: RunRecord | null }> {
    const { ledger, keep, schedule } = this.#options
    const history = this.#parsed(await ledger.enter(lease)).seenBy(record.token)
    const listing = this.#listing(history, record.tick)
    if (listing !== undefined) return listing
    const previous = history.runs.find(({ tick }) => tick.getTime() < record.tick.getTime()) ?? null
    this.#idle.add(record.token)
    await this.#put(lease, history.with(record, keep, schedule))
    return { previous }
  }

  began({ token }: RunRecord): void {
    this.#idle.delete(token)
  }

  async undo(lease: HeldLease, record: RunRecord): Promise<void> {
    await this.#put(lease, this.#seen.without(record))
    this.#idle.delete(record.token)
  }

  async end(lease: HeldLease, record: RunRecord): Promise<void> {
    await this.#put(lease, this.#seen.with(record, this.#options.keep))
  }

  #parsed(entry: { readonly value: string } | null): History {
    this.#seen = History.parse(this.#options.name, entry?.value)
    return this.#seen
  }

  #listing(history: History, tick: Date): Listing | undefined {
    const by = history.find(tick)
    if (by !== undefined) return this.#idle.has(by.token) ? undefined : { because: 'done', by }
    return tick.getTime() <= history.forgottenMs ? { because: 'late', by: null } : undefined
  }

  async #put(lease: HeldLease, history: History): Promise<void> {
    this.#seen = history
    await putInTheEnd(this.#client, this.#options.ledger, lease, { value: history.toString() })
  }
}
