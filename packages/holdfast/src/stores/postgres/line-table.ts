/** The statements on one row a line. Each token is made above that of the locked row, so tokens rise in the order of commits. */
import type {
  AloneRenewal,
  CrowdReading,
  LockedStep,
  RenewedLine,
  StoredReading,
  StoredText,
  SwapResult,
  HeldText,
} from '../records/swap-engine.ts'
import type { RowQuery } from '../records/crowd.ts'
import type { Notice } from '../records/engine.ts'
import type { SqlConnection, SqlRow } from '../sql/driver.ts'
import { codeOf } from '../../store/engine-errors.ts'
import { quotedText } from '../sql/names.ts'
import { type LockedResult, type RowLock, stepLocked } from '../sql/locked-row.ts'
import type { RecordStatements } from '../sql/operations.ts'
import { msIn, partsOf, renewedLinesIn, storedIn } from '../sql/record-row.ts'
import { swapResult } from '../sql/swap-result.ts'
import type { Table } from '../sql/table.ts'
import { WaiterRows, waitersIn } from '../sql/waiter-rows.ts'
import { LOST } from '../postgres-driver/errors.ts'
import { changeAndNotify, thenNotify } from '../postgres-driver/notify.ts'
import { messageOf } from '../records/notice-text.ts'
import {
  listedIn,
  lockedIn,
  lookedAt,
  madeIn,
  renewalColumns,
  renewedIn,
  swappedBeforeIn,
  swappedIn,
  takenIn,
} from '../postgres-driver/line-statements.ts'
import { type NamedStatement, namedStatement } from '../postgres-driver/named-statement.ts'

export class LineTable implements RecordStatements {
  readonly renewalsMax = 100
  readonly #table: string
  readonly #waiters: WaiterRows
  readonly #looked: NamedStatement
  readonly #taken: NamedStatement
  readonly #swapped: NamedStatement
  readonly #renewed: NamedStatement
  readonly #swappedBefore: NamedStatement

  constructor({ quoted, waiters }: Table) {
    this.#table = quoted
    this.#looked = namedStatement(lookedAt(quoted))
    this.#taken = namedStatement(takenIn(quoted))
    this.#swapped = namedStatement(changeAndNotify(swappedIn(quoted), []))
    this.#renewed = namedStatement(renewedIn(quoted))
    this.#swappedBefore = namedStatement(swappedBeforeIn(quoted))
    this.#waiters = new WaiterRows({ table: waiters.quoted, quoted: quotedText })
  }

  async read(connection: SqlConnection, key: string): Promise<StoredReading> {
    const { text, name } = this.#looked
    const [row] = await connection.query(text, [key], name)
    return { stored: storedIn(row), nowMs: msIn(row) }
  }

  /** In one statement, so that the row and its waiters are of one moment. */
  async readCrowd(connection: SqlConnection, key: string, query: RowQuery): Promise<CrowdReading> {
    const waiters = `LEFT JOIN (${this.#waiters.select(key, query)}) AS w ON true`
    const rows = await connection.query(lookedAt(this.#table, waiters), [key])
    return { stored: storedIn(rows[0]), nowMs: msIn(rows[0]), found: waitersIn(rows) }
  }

  async swap(
    connection: SqlConnection,
    key: string,
    seen: string | undefined,
    text: string,
    notices: readonly Notice[],
  ): Promise<SwapResult> {
    const values = [key, ...partsOf(text)]
    if (seen !== undefined) {
      values.push(seen)
      if (notices.length === 0) return await versionOf(connection.query(this.#swapped.text, values, this.#swapped.name))
    }
    const change = seen === undefined ? madeIn(this.#table) : swappedIn(this.#table)
    return await versionOf(connection.query(changeAndNotify(change, notices.map(messageOf)), values))
  }

  async takeFree(
    connection: SqlConnection,
    key: string,
    [untilEnd, untilToken, rest]: HeldText,
    ttlMs: number,
    scaleMaxUs: bigint,
  ): Promise<StoredText | undefined> {
    const { text, name } = this.#taken
    const values = [key, untilEnd, untilToken, rest, String(ttlMs), String(scaleMaxUs)]
    const [row] = await connection.query(text, values, name)
    return storedIn(row)
  }

  async renewAlone(
    connection: SqlConnection,
    renewals: readonly AloneRenewal[],
  ): Promise<readonly (RenewedLine | undefined)[]> {
    const { text, name } = this.#renewed
    return renewedLinesIn(await connection.query(text, renewalColumns(renewals), name), renewals)
  }

  async swapBefore(
    connection: SqlConnection,
    key: string,
    seen: string,
    text: string,
    endsAtMs: number,
  ): Promise<SwapResult> {
    const { text: statement, name } = this.#swappedBefore
    const values = [key, ...partsOf(text), seen, String(Math.floor(endsAtMs * 1000))]
    return await versionOf(connection.query(statement, values, name))
  }

  async locked(
    connection: SqlConnection,
    key: string,
    ids: readonly string[],
    step: LockedStep,
  ): Promise<LockedResult> {
    const lock: RowLock = {
      begin: lockedIn(this.#table, key),
      readingIn: ([rows, clock]) => ({ stored: storedIn(rows?.[0]), nowMs: msIn(clock?.[0]) }),
      change: (text) => {
        const [token, claims] = partsOf(text)
        return `UPDATE ${this.#table} SET version = version + 1, token = ${token}, claims = ${quotedText(claims)}
          WHERE resource = ${quotedText(key)}`
      },
      tell: (notices) => thenNotify(notices.map(messageOf)),
    }
    return await stepLocked(connection, { key, ids, waiters: this.#waiters }, lock, step)
  }

  async list(connection: SqlConnection, prefix: string, after: string, limit: number): Promise<readonly string[]> {
    const rows = await connection.query(listedIn(this.#table), [prefix, after, limit])
    return rows.flatMap(({ resource }) => resource ?? [])
  }
}

async function versionOf(rows: Promise<readonly SqlRow[]>): Promise<SwapResult> {
  return await swapResult(
    rows.then(([row]) => row?.['version']),
    (error) => LOST.has(codeOf(error) ?? ''),
  )
}
