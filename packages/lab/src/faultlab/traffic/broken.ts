/**
 * A plain lease in a table, as many write it for themselves, with one flaw of choice. Without a flaw it would be
 * right: one row a name, a token that rises, expiry by the clock of the machine, a deadline on the holder's side.
 */
import { randomUUID } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Contender, ContenderOptions, Grant } from './contender.ts'
import { type FlawName, isFlaw } from './flaws.ts'
import { patiently } from './resource.ts'

const POLL_MS = 10
/** As if a look and a take were two round trips. */
const BETWEEN_TRIPS_MS = 2
const MARGIN_SHARE = 0.02

export async function openBroken(name: string, options: ContenderOptions): Promise<Contender> {
  if (!isFlaw(name)) throw new Error(`there is no broken lock "${name}"`)
  const table = new LeaseTable(name, options)
  await table.open()
  return {
    tells: true,
    async acquire({ k }, waitMs) {
      const until = performance.now() + waitMs
      for (;;) {
        const grant = await table.take(k)
        if (grant !== undefined) return grant
        if (performance.now() > until) throw Object.assign(new Error(`${k} is busy`), { code: 'WAIT_TIMEOUT' })
        await sleep(POLL_MS)
      }
    },
    close: async () => table.close(),
  }
}

interface Row {
  readonly owner: string
  readonly expiresMs: number
  readonly token: number
}

class LeaseTable {
  readonly #flaw: FlawName
  readonly #options: ContenderOptions
  readonly #database: DatabaseSync
  readonly #grants = new Set<TableGrant>()
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

  async take(k: string): Promise<Grant | undefined> {
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
    const grant = new TableGrant({ k, owner, token: BigInt(token), table: this, ttlMs, askedMs, flaw: this.#flaw })
    if (this.#flaw !== 'no-deadline' && grant.remainingMs() <= 0) {
      // The table was busy for a whole lease: there is nothing left to hand out.
      grant.end()
      await this.release(grant)
      return undefined
    }
    this.#grants.add(grant)
    return grant
  }

  /** Answers whether the row is still the caller's. */
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

  extended(grant: TableGrant): void {
    this.#options.notes.extended(grant.k, grant.token, () => grant.remainingMs())
  }

  lost({ k, token }: TableGrant): void {
    this.#options.notes.lost(k, token)
  }

  async release(grant: TableGrant): Promise<boolean> {
    this.#grants.delete(grant)
    return this.#step(() => {
      const free = 'UPDATE lease SET expiresMs = 0 WHERE name = ?'
      if (this.#flaw === 'no-owner-check') return this.#database.prepare(free).run(grant.k).changes === 1
      return this.#database.prepare(`${free} AND owner = ?`).run(grant.k, grant.owner).changes === 1
    })
  }

  close(): void {
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

  /** One transaction, asked again while somebody else writes. */
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

interface GrantParts {
  readonly k: string
  readonly owner: string
  readonly token: bigint
  readonly table: LeaseTable
  readonly ttlMs: number
  readonly askedMs: number
  readonly flaw: FlawName
}

class TableGrant implements Grant {
  readonly k: string
  readonly owner: string
  readonly token: bigint
  readonly signal: AbortSignal
  readonly #parts: GrantParts
  readonly #controller = new AbortController()
  #untilMs: number
  #over = false
  #deadline: NodeJS.Timeout | undefined
  #renewal: NodeJS.Timeout | undefined

  constructor(parts: GrantParts) {
    this.k = parts.k
    this.owner = parts.owner
    this.token = parts.token
    this.signal = this.#controller.signal
    this.#parts = parts
    this.#untilMs = parts.askedMs + parts.ttlMs * (1 - MARGIN_SHARE)
    this.#watchClock()
    this.#renewLater()
  }

  isHeld(): boolean {
    if (this.#over) return false
    if (this.#parts.flaw === 'no-deadline' || this.remainingMs() > 0) return true
    this.#lose()
    return false
  }

  remainingMs(): number {
    return this.#untilMs - performance.now()
  }

  async release(): Promise<string> {
    // Too late is a loss, and is told.
    this.isHeld()
    this.end()
    return (await this.#parts.table.release(this)) ? 'released' : 'expired'
  }

  end(): void {
    this.#over = true
    clearTimeout(this.#deadline)
    clearTimeout(this.#renewal)
  }

  #watchClock(): void {
    clearTimeout(this.#deadline)
    if (this.#parts.flaw === 'never-tells' || this.#parts.flaw === 'no-deadline') return
    this.#deadline = setTimeout(() => void this.isHeld(), Math.max(0, this.remainingMs()) + 1)
  }

  #renewLater(): void {
    this.#renewal = setTimeout(() => void this.#renew().catch(() => undefined), this.#parts.ttlMs / 3)
  }

  async #renew(): Promise<void> {
    const { table, ttlMs, k } = this.#parts
    const askedMs = performance.now()
    const renewed = await table.renew(k, this.owner, this.token)
    if (this.#over) return
    if (!renewed) return this.#lose()
    this.#untilMs = askedMs + ttlMs * (1 - MARGIN_SHARE)
    table.extended(this)
    this.#watchClock()
    this.#renewLater()
  }

  #lose(): void {
    this.end()
    this.#parts.table.lost(this)
    if (this.#parts.flaw !== 'never-tells') this.#controller.abort()
  }
}

/** Beside the file that the run would use: only the place is taken from the URL. */
function pathOf(storeUrl: string): string {
  return `${storeUrl.slice(storeUrl.indexOf(':') + 1)}.broken`
}
