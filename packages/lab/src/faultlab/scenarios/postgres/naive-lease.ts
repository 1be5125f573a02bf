/** A lease in a row of PostgreSQL, as many write it: one statement takes it when it is free. Where its token comes from is given. */
import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { type LeaseKeeper, LeaseGrant } from '../../traffic/broken/lease.ts'
import { type PlainLock, polling } from '../../traffic/broken/plain-lock.ts'
import type { ContenderOptions, OpenContender } from '../../traffic/contender.ts'

export const NAIVE_TABLE = 'naive_lease'

const TABLE = `CREATE SEQUENCE IF NOT EXISTS naive_token;
CREATE TABLE IF NOT EXISTS ${NAIVE_TABLE} (name text PRIMARY KEY, owner text NOT NULL, token bigint NOT NULL, ends_at timestamptz NOT NULL)`
const FREE = `UPDATE ${NAIVE_TABLE} SET ends_at = '-infinity' WHERE name = $1 AND owner = $2`
const RENEW = `UPDATE ${NAIVE_TABLE} SET ends_at = clock_timestamp() + $3 * interval '1 ms'
  WHERE name = $1 AND owner = $2 AND ends_at > clock_timestamp()`

export interface NaiveToken {
  /** Of the row to be inserted; evaluated before anything is locked. */
  readonly inserted: string
  /** Of the row that is there; `l` is that row, locked. */
  readonly updated: string
  /** The holder asks the server alone whether it holds. @default false */
  readonly asksNoClock?: boolean
}

export function naiveLease(token: NaiveToken): OpenContender {
  return async (options) => {
    const client = new pg.Client({ connectionString: options.storeUrl })
    // Each statement tells of its own failure.
    client.on('error', () => undefined)
    await client.connect()
    await client.query(TABLE)
    return polling(new NaiveLease(client, token, options))
  }
}

class NaiveLease implements PlainLock, LeaseKeeper {
  readonly #client: pg.Client
  readonly #token: NaiveToken
  readonly #options: ContenderOptions
  readonly #leases = new Set<LeaseGrant>()

  constructor(client: pg.Client, token: NaiveToken, options: ContenderOptions) {
    this.#client = client
    this.#token = token
    this.#options = options
  }

  async take(k: string): Promise<LeaseGrant | undefined> {
    const { inserted, updated, asksNoClock = false } = this.#token
    const { notes, ttlMs } = this.#options
    const [owner, askedMs] = [randomUUID(), performance.now()]
    const { rows } = await this.#client.query<{ token: string }>(
      `INSERT INTO ${NAIVE_TABLE} AS l VALUES ($1, $2, ${inserted}, clock_timestamp() + $3 * interval '1 ms')
      ON CONFLICT (name) DO UPDATE SET owner = $2, token = ${updated}, ends_at = clock_timestamp() + $3 * interval '1 ms'
      WHERE l.ends_at <= clock_timestamp() RETURNING token`,
      [k, owner, ttlMs],
    )
    const [row] = rows
    if (row === undefined) return undefined
    const flaw = asksNoClock ? 'no-deadline' : 'none'
    const lease = new LeaseGrant({ k, owner, token: BigInt(row.token), keeper: this, notes, ttlMs, askedMs, flaw })
    this.#leases.add(lease)
    return lease
  }

  async renew(k: string, owner: string): Promise<boolean> {
    return (await this.#client.query(RENEW, [k, owner, this.#options.ttlMs])).rowCount === 1
  }

  async release(lease: LeaseGrant): Promise<boolean> {
    this.#leases.delete(lease)
    return (await this.#client.query(FREE, [lease.k, lease.owner])).rowCount === 1
  }

  async close(): Promise<void> {
    for (const lease of this.#leases) lease.end()
    await this.#client.end()
  }
}
