/** The shop of all versions: seats in a database, and a payment service that takes its time and knows keys. */
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as passing } from 'node:timers/promises'

export interface Order {
  readonly id: string
  readonly buyer: string
}

export type Outcome = 'sold' | 'taken'

/** Sells a seat to an order, or not: the second order is told so. */
export type Sell = (seat: string, order: Order) => Promise<Outcome>

export interface Shop {
  readonly path: string
  readonly db: DatabaseSync
  /** Every time that a card was really charged. */
  readonly charges: string[]
  /** Same key, same receipt, one charge. Without a key every call charges. */
  charge(buyer: string, options?: { readonly key?: string; readonly signal?: AbortSignal }): Promise<string>
}

export function openShop(path: string, serviceMs: number): Shop {
  const db = new DatabaseSync(path)
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
  db.exec('CREATE TABLE seat (id TEXT PRIMARY KEY, buyer TEXT, order_id TEXT, receipt TEXT) STRICT')
  const charges: string[] = []
  const receipts = new Map<string, string>()
  return {
    path,
    db,
    charges,
    async charge(buyer, { key, signal } = {}) {
      if (serviceMs > 0) await passing(serviceMs, undefined, { signal })
      const known = key === undefined ? undefined : receipts.get(key)
      if (known !== undefined) return known
      charges.push(buyer)
      const receipt = `receipt ${charges.length}`
      if (key !== undefined) receipts.set(key, receipt)
      return receipt
    },
  }
}
