/** A plain lease in a table of SQLite: one row a name, a token that rises, expiry by the clock of the machine. */
import { randomUUID } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ContenderOptions } from '../contender.ts'
import type { FlawName } from '../flaws.ts'
import { patiently } from '../resource.ts'
import { type LeaseKeeper, LeaseGrant } from './lease.ts'
import { BETWEEN_TRIPS_MS, type PlainLock } from './plain-lock.ts'

export async function openTable(flaw: FlawName, options: ContenderOptions): Promise<PlainLock> {
  const table = new LeaseTable(flaw, options)
  await table.open()
  return table
}

interface Row {
  readonly owner: string
  readonly expiresMs: number
  readonly token: number
}

class LeaseTable implements PlainLock, LeaseKeeper {
  readonly #flaw: FlawName
  readonly #options: ContenderOptions
  readonly #database: DatabaseSync
  readonly #grants = new Set<LeaseGrant>()
  #ownCount = 0

  constructor(flaw: FlawName, options: ContenderOptions) {
    this.#flaw = flaw
    this.#options = options
    this.#database = new DatabaseSync(pathOf(options.storeUrl), { timeout: 0 })
  }

  async open(): Promise<void> {
    // Not within a transaction: SQLite changes the mode of a file outside of one only.
    await patiently(() => this.#database.exec('PRAGMA journal_mode = WAL'))
    await this.#step(() =>
      this.#database.exec(
        'CREATE TABLE IF NOT EXISTS lease (name TEXT PRIMARY KEY, owner TEXT, expiresMs REAL, token INTEGER) STRICT',
      ),
    )
  }

  async take(k: string): Promise<LeaseGrant | undefined> {
    const { ttlMs } = this.#options
    const askedMs = performance.now()
    const owner = randomUUID()
    if (this.#flaw === 'check-then-set') {
      if (!this.#isFree(await this.#step(() => this.#row(k)))) return undefined
      await sleep(BETWEEN_TRIPS_MS)
    }
    const token = await this.#step(() => {
      const row = this.#row(k)
      if (this.#flaw !== 'check-then-set' && !this.#isFree(row)) return undefined
      const next = this.#flaw === 'token-per-process' ? (this.#ownCount += 1) : (row?.token ?? 0) + 1
      this.#database
        .prepare('INSERT OR REPLACE INTO lease VALUES (?, ?, ?, ?)')
        .run(k, owner, this.#nowMs() + ttlMs, next)
      return next
    })
    if (token === undefined) return undefined
    const { notes } = this.#options
    const parts = { k, owner, token: BigInt(token), keeper: this, notes, ttlMs, askedMs, flaw: this.#flaw }
    const grant = new LeaseGrant(parts)
    if (this.#flaw !== 'no-deadline' && grant.remainingMs() <= 0) {
      // The table was busy for a whole lease: there is nothing left to hand out.
      grant.end()
      await this.release(grant)
      return undefined
    }
    this.#grants.add(grant)
    return grant
  }

  async renew(k: string, owner: string, token: bigint): Promise<boolean> {
    const { notes, ttlMs } = this.#options
    notes.beforeRenewal()
    const call = notes.call('renew', k, { token: String(token) })
    const renewed = await this.#step(() => {
      if (this.#flaw === 'renews-the-dead') {
        this.#database
          .prepare('UPDATE lease SET owner = ?, expiresMs = ? WHERE name = ?')
          .run(owner, this.#nowMs() + ttlMs, k)
        return true
      }
      const sql = 'UPDATE lease SET expiresMs = ? WHERE name = ? AND owner = ? AND expiresMs > ?'
      return this.#database.prepare(sql).run(this.#nowMs() + ttlMs, k, owner, this.#nowMs()).changes === 1
    })
    if (renewed) call.ok()
    else call.fail(Object.assign(new Error('not ours any more'), { code: 'GONE' }))
    return renewed
  }

  async release(grant: LeaseGrant): Promise<boolean> {
    this.#grants.delete(grant)
    return this.#step(() => {
      const free = 'UPDATE lease SET expiresMs = 0 WHERE name = ?'
      if (this.#flaw === 'no-owner-check') return this.#database.prepare(free).run(grant.k).changes === 1
      return this.#database.prepare(`${free} AND owner = ?`).run(grant.k, grant.owner).changes === 1
    })
  }

  async close(): Promise<void> {
    for (const grant of this.#grants) grant.end()
    this.#database.close()
  }

  #row(k: string): Row | undefined {
    return this.#database.prepare('SELECT owner, expiresMs, token FROM lease WHERE name = ?').get(k) as Row | undefined
  }

  #isFree(row: Row | undefined): boolean {
    // Every second process has a clock that is a lease ahead.
    const aheadMs = this.#flaw === 'client-clock' && process.pid % 2 === 0 ? this.#options.ttlMs : 0
    return row === undefined || row.expiresMs < this.#nowMs() + aheadMs
  }

  #nowMs(): number {
    return Number(process.hrtime.bigint() / 1000n) / 1000
  }

  /** One transaction, repeated while another process writes. */
  #step<T>(work: () => T): Promise<T> {
    return patiently(() => {
      this.#database.exec('BEGIN IMMEDIATE')
      try {
        const result = work()
        this.#database.exec('COMMIT')
        return result
      } catch (error) {
        this.#database.exec('ROLLBACK')
        throw error
      }
    })
  }
}

/** Beside the file that the run would use: only the place is taken from the URL. */
function pathOf(storeUrl: string): string {
  return `${storeUrl.slice(storeUrl.indexOf(':') + 1)}.broken`
}
