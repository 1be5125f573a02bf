/**
 * What a run stands on: the servers that it made for itself, if any, and a route of its own from every worker to every
 * server, so that one client can be hurt alone.
 */
import type { Engine } from '@holdfast/testbed/engines/engine'
import type { ProxyMode } from '@holdfast/testbed/proxy/mode'
import type { FragileDisk } from '@holdfast/testbed/os/fragile-disk'
import type { SkewedClock } from '@holdfast/testbed/os/skewed-clock'
import type { Route } from './route.ts'

/** How a Redis that the run starts keeps its data: in Redis' words for appendfsync, or not at all. */
export const persistences = ['always', 'everysec', 'none'] as const

export type Persistence = (typeof persistences)[number]

/** What some faults need and others should not have to put up with. */
export type Need = 'server-clock' | 'worker-clock' | 'disk' | 'replica'

export interface EnvironmentRequest {
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
export interface EnvironmentServer {
  /** As the history calls it. */
  readonly name: string
  /** After a failover, the one that is the primary now. */
  readonly engine: Engine
  readonly clock: SkewedClock | undefined
  readonly disk: FragileDisk | undefined
  /** One fault after the other: a server is hurt by one at a time. */
  alone<T>(work: () => Promise<T>): Promise<T>
  /** Whether a change is on its disk before it is answered. */
  readonly syncs: boolean
  /** Where its data can be taken from it: by this it is seen that it was. */
  readonly memory: Memory | undefined
  /** What it is among the servers that are one store together. */
  readonly peers?: Peers | undefined
  /** The time of day as the server itself tells it, where its clock can be set. Rejects when it does not answer soon. */
  wallMs?(): Promise<number>
}

export interface Peers {
  /** Whether the others follow it now. */
  leads(): Promise<boolean>
  /** It and the others do not hear each other; clients reach all of them. Returns what heals it, which tells the bytes that were hit. */
  isolate(mode: ProxyMode): () => number
}

export interface Memory {
  /** Writes a word and waits for the answer. Whether the server still knows it is what `recalls` returns. */
  remember(word: string): Promise<void>
  recalls(word: string): Promise<boolean>
}

/** A primary, and a replica that can take its place. */
export interface Succession {
  /** Of the server that has another engine afterwards. */
  readonly name: string
  /** As that of the server. */
  alone<T>(work: () => Promise<T>): Promise<T>
  failOver(deafMs: number, sleep: (ms: number) => Promise<void>): Promise<Succeeded>
}

export interface Succeeded {
  /** The data that the replica had not heard of, in bytes, when it took over. */
  readonly behindBytes: number
  /** What became of the primary: killed, or stopped and let go on when another one had its place. */
  readonly end: 'killed' | 'frozen'
}

export interface Environment extends AsyncDisposable {
  /** What a worker opens at this place; without a place, past every route that a fault may hurt. */
  urlFor(place?: string): string
  /** What a worker is started with at this place. */
  environmentFor(place: string): Readonly<Record<string, string>>
  readonly routes: readonly Route[]
  /** None when the store is no server, or is one of the user's. */
  readonly servers: readonly EnvironmentServer[]
  readonly successions: readonly Succession[]
  /** A name like this one, with which every server has a lock to decide on. */
  namespaceLike(wish: string): Promise<string>
  /** Whether one more server may lose its data now, which then counts: several stand the loss of a few at a time. */
  mayForget(): boolean
  clockOf(place: string): SkewedClock | undefined
  close(): Promise<void>
}
