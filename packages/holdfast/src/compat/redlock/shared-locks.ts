/**
 * One client of ours for one set of redis clients, however many Redlocks are made over them: many programs make one for
 * each call, and every client of ours has a connection that listens.
 */
import { holdfast } from '../../holdfast.ts'
import type { Locks } from '../../recipes/locks.ts'
import { onceAllEnded, storeOver } from './clients.ts'
import type { Hold } from './hold.ts'
import type { RedlockClient } from './shape.ts'

/** Known by one of its clients, so that it goes with them. */
const known = new WeakMap<RedlockClient, Set<SharedLocks>>()

export class SharedLocks {
  readonly #clients: ReadonlySet<RedlockClient>
  /** With none left it may be closed. */
  readonly #holds = new Set<Hold>()
  #opening: Promise<Locks> | undefined
  #stopListening: (() => void) | undefined

  constructor(clients: ReadonlySet<RedlockClient>) {
    this.#clients = clients
  }

  /** In whatever order the clients are given. */
  static over(clients: ReadonlySet<RedlockClient>): SharedLocks {
    for (const client of clients) {
      for (const shared of known.get(client) ?? []) if (shared.#isOver(clients)) return shared
    }
    const shared = new SharedLocks(new Set(clients))
    const [first] = clients
    if (first !== undefined) known.set(first, (known.get(first) ?? new Set()).add(shared))
    return shared
  }

  add(hold: Hold): void {
    this.#holds.add(hold)
  }

  delete(hold: Hold): void {
    this.#holds.delete(hold)
  }

  open(): Promise<Locks> {
    if (this.#opening === undefined) {
      // A program that only ends its clients is done too, and the connections that listen would keep its process.
      this.#stopListening = onceAllEnded(this.#clients, () => void this.#close())
      this.#opening = storeOver([...this.#clients]).then((store) => holdfast(store, { namespace: 'redlock' }))
    }
    return this.#opening
  }

  async closeUnlessUsed(): Promise<void> {
    if (this.#holds.size === 0) await this.#close()
  }

  /** The clients may be connected again, and then the next one opens again. */
  async #close(): Promise<void> {
    const opening = this.#opening
    this.#opening = undefined
    this.#stopListening?.()
    const [first] = this.#clients
    if (first !== undefined) known.get(first)?.delete(this)
    for (const hold of this.#holds) hold.over()
    const locks = await opening?.catch(() => undefined)
    await locks?.close()
  }

  #isOver(clients: ReadonlySet<RedlockClient>): boolean {
    return clients.size === this.#clients.size && [...clients].every((client) => this.#clients.has(client))
  }
}
