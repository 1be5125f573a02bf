/** What a compare-and-set engine gives, and what it may give beside it to be asked less often. */
import type { Line } from '../../line/line.ts'
import type { FoundWaiters, RowQuery } from './crowd.ts'
import type { Lane, Notice, OnNotice } from './engine.ts'
import type { RowChanges } from './thin-line.ts'
import type { Facts } from '../../store/facts.ts'
import type { StoreEnvironment, TokenScaleView } from '../../store/store.ts'

/** A record of text, with what a compare-and-set compares. */
export interface StoredText {
  readonly text: string
  readonly version: string
}

export interface StoredReading {
  /** Absent while nothing stands under the key. */
  readonly stored?: StoredText | undefined
  /** The engine's own clock, read no earlier than the record. An engine without a clock leaves it out. */
  readonly nowMs?: number
}

/** Written, with the new version; or not, with what stands there where the refusal tells. */
export type SwapResult =
  | { readonly version: string }
  | { readonly version?: undefined; readonly current?: StoredText | undefined }

/** What an author writes for a compare-and-set engine: docs/write-your-own-store.md. */
export interface SwapEngine {
  readonly facts: Facts
  /** Names this process in its claims, for notices that are sent to it alone. @default a name that is made up */
  readonly channel?: string
  read(key: string): Promise<StoredReading>
  /** Writes the text only if the version is still the one that was seen; `undefined` for a key with nothing under it. */
  swap(key: string, seen: string | undefined, text: string, notices: readonly Notice[]): Promise<SwapResult>
  /** A refusal brings what stands there, so that without a clock even the first swap of a line needs no read. @default false */
  readonly refusalTells?: boolean
  /** Keys that start with the prefix, behind `after`, in their order. */
  list(prefix: string, after: string, limit: number): Promise<readonly string[]>
  /**
   * Of an engine without a clock that does not tell every process of every change: begins to hear the changes of one line,
   * each as a notice of the line alone, and returns how to end it. @default every process is told of every change
   */
  listen?(key: string): () => void
  /** When a waiter has to look again at the latest, on an engine that cannot push. @default by the pace of the client alone */
  recheckInMs?(line: Line, id: string): number
  /** @default nothing to close */
  close?(): Promise<void>
}

/** `onNotice`: for engines that push; every notice of a swap, or the key of every change. */
export type OpenSwapEngine = (environment: StoreEnvironment, onNotice: OnNotice) => Promise<SwapEngine>

/** A held claim as text, but for what the engine writes in between when it grants: first the moment of its end, then the token. */
export type HeldText = readonly [untilEnd: string, untilToken: string, rest: string]

/** Of a claim that stands alone in its line. */
export interface AloneRenewal {
  readonly key: string
  readonly seen: string
  /** When it ends if it is not renewed. */
  readonly endsAtMs: number
  readonly ttlMs: number
  /** The claim as text, around the moment of its new end. */
  readonly untilEnd: string
  readonly afterEnd: string
}

export interface RenewedLine {
  readonly version: string
  readonly endsAtMs: number
}

/** A record, and those of its rows that were asked for; both of one moment. */
export interface CrowdReading extends StoredReading {
  readonly found: FoundWaiters
}

/** What a locked record becomes, or the rows that are still wanted; `undefined` where it stays as it is. */
export type LockedStep = (
  reading: CrowdReading,
  query: RowQuery,
) =>
  | { readonly more: RowQuery }
  | {
      readonly more?: undefined
      readonly text: string
      readonly changes: RowChanges
      readonly notices: readonly Notice[]
    }
  | undefined

/** An engine with a clock in a server of its own, which can do more in one request than compare and set. */
export interface ServerSwapEngine extends Omit<SwapEngine, 'read' | 'swap'> {
  readonly channel: string
  /** As in the seam. @default the store cannot do it */
  rebase?(to?: bigint): Promise<TokenScaleView>
  read(key: string, lane: Lane): Promise<StoredReading>
  swap(key: string, seen: string | undefined, text: string, notices: readonly Notice[], lane: Lane): Promise<SwapResult>
  /** As `read`, with rows. */
  readCrowd(key: string, query: RowQuery, lane: Lane): Promise<CrowdReading>
  /** The same under a lock of the engine, so that it cannot be lost. It begins with the first rows, and those of the ids. */
  locked(key: string, ids: readonly string[], step: LockedStep, lane: Lane): Promise<void>
  /**
   * Puts a claim into a line where nothing stands, with `max(last + 1, clock)` as its token and the clock no higher than
   * `scaleMaxUs`; `undefined` where something stands there.
   */
  takeFree(key: string, claim: HeldText, ttlMs: number, scaleMaxUs: bigint): Promise<StoredText | undefined>
  /** Renewals that travel in one request: as many are unknown where it is not answered. */
  readonly renewalsMax: number
  /** Renews each whose line has still its version, while the engine's clock is before the end; `undefined` for the others. */
  renewAlone(renewals: readonly AloneRenewal[]): Promise<readonly (RenewedLine | undefined)[]>
  /** Swaps only if the engine's clock is still before the moment. */
  swapBefore(key: string, seen: string, text: string, endsAtMs: number): Promise<SwapResult>
}

export type OpenServerEngine = (environment: StoreEnvironment, onNotice: OnNotice) => Promise<ServerSwapEngine>

type MoreThanSwap =
  | 'channel'
  | 'locked'
  | 'readCrowd'
  | 'takeFree'
  | 'renewAlone'
  | 'renewalsMax'
  | 'swapBefore'
  | 'rebase'
/** One of either kind: it may be that all it can is to compare and set. */
export type AnySwapEngine = Omit<ServerSwapEngine, MoreThanSwap> & Partial<Pick<ServerSwapEngine, MoreThanSwap>>
