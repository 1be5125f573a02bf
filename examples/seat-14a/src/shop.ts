/**
 * The protected resource: a real SQLite file with one seat and the tickets sold for it. The ticket table is the
 * resource's own commit order, which is what a judge must go by: the buyers' clocks cannot tell which write was last.
 */
import { DatabaseSync } from 'node:sqlite'

/** How long one statement waits for another process's transaction: a machine that does not run that process is no fault. */
const BUSY_MS = 60_000

export interface Ticket {
  readonly number: number
  readonly buyer: string
  readonly receipt: string
  /** The token of the lock it was written under, '' without a lock. */
  readonly token: string
  /** Monotonic nanoseconds, taken inside the writing transaction. */
  readonly t: string
}

export function openShop(path: string): DatabaseSync {
  const shop = new DatabaseSync(path, { timeout: BUSY_MS })
  shop.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
  return shop
}

export function createShop(path: string, seat: string): void {
  const shop = openShop(path)
  shop.exec(`
    CREATE TABLE seat (id TEXT PRIMARY KEY, sold_to TEXT) STRICT;
    CREATE TABLE ticket (number INTEGER PRIMARY KEY, seat TEXT NOT NULL, buyer TEXT NOT NULL, receipt TEXT NOT NULL,
      token TEXT NOT NULL, t TEXT NOT NULL) STRICT;
  `)
  shop.prepare('INSERT INTO seat VALUES (?, NULL)').run(seat)
  shop.close()
}

export function soldTo(shop: DatabaseSync, seat: string): string | null {
  const buyer = shop.prepare('SELECT sold_to FROM seat WHERE id = ?').get(seat)?.['sold_to']
  return typeof buyer === 'string' ? buyer : null
}

/**
 * Writes the seat and the ticket; the caller owns the transaction. It believes its reader, as most code does:
 * `WHERE sold_to IS NULL` would save this one table, and neither the card nor any rule that spans two tables.
 */
export function sell(
  shop: DatabaseSync,
  seat: string,
  sale: { buyer: string; receipt: string; token: string },
): number {
  shop.prepare('UPDATE seat SET sold_to = ? WHERE id = ?').run(sale.buyer, seat)
  const t = process.hrtime.bigint().toString()
  const insert = shop.prepare('INSERT INTO ticket (seat, buyer, receipt, token, t) VALUES (?, ?, ?, ?, ?)')
  return Number(insert.run(seat, sale.buyer, sale.receipt, sale.token, t).lastInsertRowid)
}

/** A transaction of its own, for the acts without a fence. */
export function inTransaction<T>(shop: DatabaseSync, work: () => T): T {
  shop.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    shop.exec('COMMIT')
    return result
  } catch (error) {
    shop.exec('ROLLBACK')
    throw error
  }
}

export function ticketsOf(path: string, seat: string): Ticket[] {
  const shop = openShop(path)
  const rows = shop
    .prepare('SELECT number, buyer, receipt, token, t FROM ticket WHERE seat = ? ORDER BY number')
    .all(seat)
  shop.close()
  return rows.map((row) => ({
    number: Number(row['number']),
    buyer: String(row['buyer']),
    receipt: String(row['receipt']),
    token: String(row['token']),
    t: String(row['t']),
  }))
}
