/**
 * What a run stands on: the servers that it made for itself, if any, and a way of its own from every worker to every
 * server, so that one client can be hurt alone.
 */
import type { Engine } from '../../engines/engine.ts'
import type { FragileDisk } from '../../machine/fragile-disk.ts'
import type { SkewedClock } from '../../machine/skewed-clock.ts'
import type { Way } from './way.ts'

/** How a Redis that the run starts keeps its data: in Redis' words for appendfsync, or not at all. */
export const persistences = ['always', 'everysec', 'none'] as const

export type Persistence = (typeof persistences)[number]

/** What some faults need and others should not have to put up with. */
export type Need = 'server-clock' | 'worker-clock' | 'disk' | 'replica'

export interface GroundRequest {
  /** The scheme alone when the run is to make the store. */
  readonly storeUrl: string
  readonly isOwn: boolean
  /** Where workers are; one that is replaced leaves its place to the next. */
  readonly places: readonly string[]
  readonly needs: ReadonlySet<Need>
  readonly persistence: Persistence
  readonly ttlMs: number
}

/** A server of the run's own. */
export interface GroundServer {
  /** As the history calls it. */
  readonly name: string
  /** After a failover, the one that is the primary now. */
  readonly engine: Engine
  readonly clock: SkewedClock | undefined
  readonly disk: FragileDisk | undefined
  /** One after the other: a server that is being hurt is not hurt in another way as well. */
  alone<T>(work: () => Promise<T>): Promise<T>
  /** Whether a change is on its disk before it is answered. */
  readonly syncs: boolean
  /** Writes a word, which is answered; and whether it still knows it. What it has forgotten it forgot for everybody. */
  remember(word: string): Promise<void>
  recalls(word: string): Promise<boolean>
  /** The time of day as the server itself tells it. Rejects when it does not answer soon. */
  wallMs(): Promise<number>
}

/** A primary, and a replica that can take its place: clients find whoever is the primary at the same address. */
export interface Succession {
  /** The data that the replica has not heard of, in bytes, when it takes over. */
  failOver(pauseMs: number, sleep: (ms: number) => Promise<void>): Promise<{ readonly behindBytes: number }>
}

export interface Ground extends AsyncDisposable {
  /** What a worker opens at this place; without a place, past everything that is hurt on the way. */
  urlFor(place?: string): string
  /** What a worker is started with at this place. */
  environmentFor(place: string): Readonly<Record<string, string>>
  readonly ways: readonly Way[]
  /** None when the store is no server, or is one of the user's. */
  readonly servers: readonly GroundServer[]
  readonly succession: Succession | undefined
  /** Whether one more server may lose its data now, which then counts: several stand the loss of a few at a time. */
  mayForget(): boolean
  clockOf(place: string): SkewedClock | undefined
  close(): Promise<void>
}
