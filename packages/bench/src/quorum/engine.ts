/** What the suites on servers that agree by a quorum have to know of each kind of them. */
import type { Store } from 'holdfast'
import type { Member } from '@holdfast/testbed/engines'
import type { Figure } from '../figure.ts'
import type { Contestant, Readings } from '../slices.ts'

/** Servers that were started for a measurement. */
export interface MeasuredQuorum {
  /** For clients that spread over the servers. */
  readonly url: string
  /** One server alone: whether it leads costs a message more or less. */
  readonly oneUrl: string
  /** What all servers were sent, by their own counts. */
  readings(): Promise<Readings>
  /** Rejects while none leads. */
  leader(): Promise<Member>
}

export interface QuorumEngine {
  /** The scheme of its URLs, and the beginning of the names of its suites. */
  readonly scheme: string
  /** What is measured, such as "etcd of three members". */
  readonly title: string
  within<T>(work: (measured: MeasuredQuorum) => Promise<T>): Promise<T>
  store(url: string): Store
  /** The least that a lock in it can be, on one server. */
  bare(url: string, names: readonly string[]): Promise<Contestant & { close(): Promise<void> }>
  /** What a bare pair is, in words. */
  readonly barePair: string
  /** Of an uncontended pair against a bare one. */
  readonly p50Max: number
  /** The lease of a holder that is killed, and what a takeover may cost behind it. */
  readonly crash: { readonly ttlMs: number; readonly lateMs: number }
  /** How long a line may stand still when the leader is killed. */
  readonly gapMsMax: number
  /** What the servers were sent while a line that stands was served. */
  crowdCosts(gained: Readings, handOffs: number): readonly Figure[]
  /** The same where every waiter enters again, with so many bare pairs beside it. */
  turnCosts(where: string, gained: Readings, turns: number, barePairs: number): readonly Figure[]
  /** The same while leases were taken, kept and given back. */
  leaseCosts(where: string, gained: Readings): readonly Figure[]
}
