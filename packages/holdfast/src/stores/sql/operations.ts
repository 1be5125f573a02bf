/** The operations on records as statements, each on a connection of its lane. */
import type { Lane, Notice } from '../records/engine.ts'
import type {
  HeldText,
  LockedStep,
  ServerSwapEngine,
  StoredReading,
  StoredText,
  SwapResult,
} from '../records/swap-engine.ts'
import type { SqlConnection, SqlPool } from './driver.ts'

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
  swapBefore(connection: SqlConnection, key: string, seen: string, text: string, endsAtMs: number): Promise<SwapResult>
  /** Returns what the step threw: then nothing was changed, and the connection is as good as before. */
  locked(connection: SqlConnection, key: string, step: LockedStep): Promise<{ readonly threw?: unknown }>
  list(connection: SqlConnection, prefix: string, after: string, limit: number): Promise<readonly string[]>
}

type Operations = Omit<ServerSwapEngine, 'facts' | 'channel' | 'close'>

export function operationsOver(lanes: Readonly<Record<Lane, SqlPool>>, lines: RecordStatements): Operations {
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
    swapBefore: (key, seen, text, endsAtMs) =>
      onLane('keeps', 'leaving', (connection) => lines.swapBefore(connection, key, seen, text, endsAtMs)),
    async locked(key, step, lane) {
      const done = await onLane(lane, 'changing a line', (connection) => lines.locked(connection, key, step))
      if ('threw' in done) throw done.threw
    },
    list: (prefix, after, limit) =>
      onLane('asks', 'listing', (connection) => lines.list(connection, prefix, after, limit)),
  }
}
