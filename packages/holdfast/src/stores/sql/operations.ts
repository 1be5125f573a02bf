/** The operations on records as statements, each on a connection of its lane. */
import type { RowQuery } from '../records/crowd.ts'
import type { Lane, Notice } from '../records/engine.ts'
import type {
  AloneRenewal,
  CrowdReading,
  HeldText,
  LockedStep,
  RenewedLine,
  ServerSwapEngine,
  StoredReading,
  StoredText,
  SwapResult,
} from '../records/swap-engine.ts'
import type { SqlConnection, SqlPool } from './driver.ts'
import type { LockedResult } from './locked-row.ts'

/** What a dialect writes: each takes one connection. */
export interface RecordStatements {
  read(connection: SqlConnection, key: string): Promise<StoredReading>
  swap(
    connection: SqlConnection,
    key: string,
    seen: string | undefined,
    text: string,
    notices: readonly Notice[],
  ): Promise<SwapResult>
  takeFree(
    connection: SqlConnection,
    key: string,
    claim: HeldText,
    ttlMs: number,
    scaleMaxUs: bigint,
  ): Promise<StoredText | undefined>
  readonly renewalsMax: number
  renewAlone(
    connection: SqlConnection,
    renewals: readonly AloneRenewal[],
  ): Promise<readonly (RenewedLine | undefined)[]>
  swapBefore(connection: SqlConnection, key: string, seen: string, text: string, endsAtMs: number): Promise<SwapResult>
  readCrowd(connection: SqlConnection, key: string, query: RowQuery): Promise<CrowdReading>
  locked(connection: SqlConnection, key: string, ids: readonly string[], step: LockedStep): Promise<LockedResult>
  list(connection: SqlConnection, prefix: string, after: string, limit: number): Promise<readonly string[]>
}

type Operations = Omit<ServerSwapEngine, 'facts' | 'channel' | 'close' | 'rebase'>

/** `locks`: asks that lock a row over two requests have a connection of their own. @default those of their lane */
export type SqlLanes = Readonly<Record<Lane, SqlPool>> & { readonly locks?: SqlPool }

export function operationsOver(lanes: SqlLanes, lines: RecordStatements): Operations {
  const onLane = <Result>(
    lane: Lane,
    what: string,
    work: (connection: SqlConnection) => Promise<Result>,
  ): Promise<Result> => lanes[lane].use(what, work)
  return {
    read: (key, lane) => onLane(lane, 'reading a line', (connection) => lines.read(connection, key)),
    swap: (key, seen, text, notices, lane) =>
      onLane(lane, 'changing a line', (connection) => lines.swap(connection, key, seen, text, notices)),
    takeFree: (key, claim, ttlMs, scaleMaxUs) =>
      onLane('asks', 'entering', (connection) => lines.takeFree(connection, key, claim, ttlMs, scaleMaxUs)),
    renewalsMax: lines.renewalsMax,
    renewAlone: (renewals) => onLane('keeps', 'renewing', (connection) => lines.renewAlone(connection, renewals)),
    swapBefore: (key, seen, text, endsAtMs) =>
      onLane('keeps', 'leaving', (connection) => lines.swapBefore(connection, key, seen, text, endsAtMs)),
    readCrowd: (key, query, lane) =>
      onLane(lane, 'reading a line', (connection) => lines.readCrowd(connection, key, query)),
    async locked(key, ids, step, lane) {
      const pool = (lane === 'asks' ? lanes.locks : undefined) ?? lanes[lane]
      const done = await pool.use('changing a line', (connection) => lines.locked(connection, key, ids, step))
      if ('threw' in done) throw done.threw
    },
    list: (prefix, after, limit) =>
      onLane('asks', 'listing', (connection) => lines.list(connection, prefix, after, limit)),
  }
}
