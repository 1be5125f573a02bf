/**
 * The statements on one row a line. The clock is UTC_TIMESTAMP: no time zone moves it, and it is read once a statement, so
 * that a statement that waited for the row counts a life from before it was asked, and ends none early. Tokens rise all the
 * same, because they are made from the locked row: max(last + 1, clock).
 */
import type { RowQuery } from '../records/crowd.ts'
import type {
  AloneRenewal,
  CrowdReading,
  HeldText,
  LockedStep,
  RenewedLine,
  StoredReading,
  StoredText,
  SwapResult,
} from '../records/swap-engine.ts'
import { StoreUnavailable } from '../../store/errors.ts'
import { isLost } from '../mysql-driver/errors.ts'
import { COMMITS, lookedAt, microsecondsOf, renewedIn, takenIn } from '../mysql-driver/line-statements.ts'
import { bytes, startVersion, whole } from '../mysql-driver/literals.ts'
import { BASE, CLOCK_US, lineBeside } from '../mysql-driver/token-base.ts'
import type { SqlConnection, SqlRow } from '../sql/driver.ts'
import { type LockedResult, type RowLock, stepLocked } from '../sql/locked-row.ts'
import type { RecordStatements } from '../sql/operations.ts'
import { msIn, partsOf, storedIn } from '../sql/record-row.ts'
import { swapResult } from '../sql/swap-result.ts'
import { WaiterRows, waitersIn } from '../sql/waiter-rows.ts'
import type { MysqlTable } from './schema.ts'

/** A process that is stopped inside its transaction keeps a line locked no longer: MySQL has no limit for that but this one. */
const IDLE_LIMIT_SECONDS = 3
/** Of the number that comes back without rows: above this some drivers round it. */
const EXACT_MAX = 2n ** 53n - 1n
const OR_UPDATE = 'ON DUPLICATE KEY UPDATE ends_us = VALUES(ends_us), text = VALUES(text)'

export class MysqlLines implements RecordStatements {
  /** A statement waits for each row that another transaction has locked, and those of other lines must not wait with it. */
  readonly renewalsMax = 1
  readonly #table: string
  readonly #waiters: WaiterRows

  constructor({ quoted, waiters }: MysqlTable) {
    this.#table = quoted
    this.#waiters = new WaiterRows({ table: waiters.quoted, quoted: bytes, orUpdate: OR_UPDATE })
  }

  async read(connection: SqlConnection, key: string): Promise<StoredReading> {
    const rows = await connection.query(lookedAt(this.#table, key))
    return readingIn(rows)
  }

  /** In one statement, so that the row and its waiters are of one moment. */
  async readCrowd(connection: SqlConnection, key: string, query: RowQuery): Promise<CrowdReading> {
    const waiters = `LEFT JOIN (${this.#waiters.select(key, query)}) AS w ON TRUE`
    const rows = await connection.query(lookedAt(this.#table, key, waiters))
    return { ...readingIn(rows), found: waitersIn(rows) }
  }

  async swap(connection: SqlConnection, key: string, seen: string | undefined, text: string): Promise<SwapResult> {
    const [token, claims] = partsOf(text)
    if (seen === undefined) {
      const version = startVersion()
      const values = `${bytes(key)}, ${version}, ${whole(token)}, ${bytes(claims)}`
      const made = connection.query(lineBeside(this.#table, values, `${COMMITS} AND ${whole(token)} > ${BASE}`))
      return await versionOf(made, version)
    }
    return await this.#update(connection, key, seen, text)
  }

  async renewAlone(
    connection: SqlConnection,
    renewals: readonly AloneRenewal[],
  ): Promise<readonly (RenewedLine | undefined)[]> {
    return await Promise.all(renewals.map((renewal) => this.#renew(connection, renewal)))
  }

  async swapBefore(
    connection: SqlConnection,
    key: string,
    seen: string,
    text: string,
    endsAtMs: number,
  ): Promise<SwapResult> {
    return await this.#update(connection, key, seen, text, `${CLOCK_US} < ${Math.floor(endsAtMs * 1000)}`)
  }

  async takeFree(
    connection: SqlConnection,
    key: string,
    held: HeldText,
    ttlMs: number,
    scaleMaxUs: bigint,
  ): Promise<StoredText | undefined> {
    const [lifeUs, version] = [microsecondsOf(ttlMs), startVersion()]
    const roofUs = scaleMaxUs < EXACT_MAX ? scaleMaxUs : EXACT_MAX
    // The clock is the token, so that one number says both; a line whose token is above the clock is asked as always.
    const [done] = await connection.query(takenIn(this.#table, { key, held, lifeUs, version, roofUs }))
    if (done?.['changed'] !== '1') return undefined
    const token = BigInt(done['left'] ?? '')
    const [untilEnd, untilToken, rest] = held
    const claims = `${untilEnd}${token + lifeUs}e-3${untilToken}${token}${rest}`
    return { version, text: `${token}\n${claims}` }
  }

  async locked(
    connection: SqlConnection,
    key: string,
    ids: readonly string[],
    step: LockedStep,
  ): Promise<LockedResult> {
    const resource = bytes(key)
    const lock: RowLock = {
      // The row is made outside of the transaction: in it, two that make it would stand in each other's way.
      begin: `${lineBeside(this.#table, `${resource}, ${startVersion()}, ${BASE}, X''`)};
        SET SESSION wait_timeout = ${IDLE_LIMIT_SECONDS}; START TRANSACTION;
        SELECT ${CLOCK_US} AS now, version, token, claims FROM ${this.#table} WHERE resource = ${resource} FOR UPDATE`,
      readingIn: ([rows]) => ({ stored: storedIn(rows?.[0]), nowMs: msIn(rows?.[0]) }),
      change: (text) => {
        const [token, claims] = partsOf(text)
        return `UPDATE ${this.#table} SET version = version + 1, token = ${whole(token)}, claims = ${bytes(claims)}
          WHERE resource = ${resource}`
      },
      after: '; SET SESSION wait_timeout = DEFAULT',
    }
    return await stepLocked(connection, { key, ids, waiters: this.#waiters }, lock, step)
  }

  async list(connection: SqlConnection, prefix: string, after: string, limit: number): Promise<readonly string[]> {
    const start = bytes(prefix)
    const rows = await connection.query(
      `SELECT resource FROM ${this.#table} WHERE claims <> X'' AND resource >= ${start} AND resource > ${bytes(after)}
      AND LEFT(resource, ${Buffer.byteLength(prefix)}) = ${start} ORDER BY resource LIMIT ${limit}`,
    )
    return rows.flatMap(({ resource }) => resource ?? [])
  }

  async #renew(connection: SqlConnection, renewal: AloneRenewal): Promise<RenewedLine | undefined> {
    const [done] = await connection.query(renewedIn(this.#table, renewal))
    if (done?.['changed'] !== '1') return undefined
    const endsUs = BigInt(done['left'] ?? '') + microsecondsOf(renewal.ttlMs)
    return { version: whole(BigInt(renewal.seen) + 1n), endsAtMs: Number(endsUs) / 1000 }
  }

  async #update(
    connection: SqlConnection,
    key: string,
    seen: string,
    text: string,
    condition = COMMITS,
  ): Promise<SwapResult> {
    const [token, claims] = partsOf(text)
    const rows = connection.query(
      `UPDATE ${this.#table} SET version = version + 1, token = ${whole(token)}, claims = ${bytes(claims)}
      WHERE resource = ${bytes(key)} AND version = ${whole(seen)} AND ${condition} AND ${COMMITS}`,
    )
    return await versionOf(rows, whole(BigInt(seen) + 1n))
  }
}

function readingIn([row]: readonly SqlRow[]): StoredReading {
  if (row?.['commits'] !== '1') {
    throw new StoreUnavailable(
      'the sessions of this pool have autocommit off, so no grant would be committed: leave it on for this store',
      { isFinal: true },
    )
  }
  return { stored: storedIn(row), nowMs: msIn(row) }
}

/** The version rises with each change, so that a changed row is one that was counted, whatever the driver counts. */
async function versionOf(rows: Promise<readonly SqlRow[]>, version: string): Promise<SwapResult> {
  return await swapResult(
    rows.then(([row]) => (row?.['changed'] === '1' ? version : undefined)),
    isLost,
  )
}
