/** What a Redis promises as it is set up: asked of the servers themselves when the store opens. */
import { TTL_MS_MAX, TTL_MS_MIN } from '../../store/limits.ts'
import type { Facts } from '../../store/facts.ts'
import type { ServerFindings } from '../redis-driver/probe.ts'
import { reasonsOf, type Durability, durabilityOf, type Topology } from './durability.ts'

/** One finding for each server that grants locks: the only one, or the primaries of a Cluster. */
export function factsOf(findings: readonly ServerFindings[], topology: Topology): Facts {
  const traits = durabilityOf(findings, topology)
  const isDurable = traits.kept === 'always' && !traits.mayFailOver && !traits.evicts
  return {
    engine: engineOf(findings, topology),
    safetyClass: isDurable ? 'durable' : 'best-effort',
    reasons: reasonsOf(traits),
    clock: topology.isCluster
      ? "the wall clock of the lock's primary in the Redis Cluster"
      : 'the wall clock of the Redis server',
    expiry: 'engine',
    tokenScale: 'clock',
    tokens:
      "max(last + 1, the server's wall clock in µs), over all locks of a server or of a slot; they survive the loss of all data as long as the clock goes forward",
    order: 'fifo',
    wakeUp: 'push',
    ttl: { per: 'claim', granularityMs: 1, minMs: TTL_MS_MIN, maxMs: TTL_MS_MAX },
    lockRisks: lockRisks(traits),
    tokenRisks: [
      'loss of the data together with a clock that is set back',
      'a failover to a server whose clock is behind by more than the failover took',
    ],
    unsupported: {},
  }
}

/** Servers of a Cluster that is being upgraded have several versions. */
function engineOf(findings: readonly ServerFindings[], { isCluster, failsOver }: Topology): string {
  const versions = [...new Set(findings.map(({ engine }) => engine))].toSorted().join(' and ')
  if (isCluster) return `${versions} Cluster, ${findings.length} primaries`
  return failsOver ? `${versions} behind Sentinel` : versions
}

function lockRisks({ kept, mayFailOver, evicts, isCluster }: Durability): readonly string[] {
  return [
    'FLUSHALL, FLUSHDB, or deleting its keys',
    'a clock of the server that is set forward by more than what is left of the lease',
    ...(kept === 'always' ? [] : [WHAT_IS_LOST[kept]]),
    ...(mayFailOver ? ['a failover to a replica that had not heard of the lock yet'] : []),
    ...(evicts === undefined ? [] : ['eviction of its keys when the memory is full']),
    ...(isCluster ? ['giving the slots of a server that is down to another one that has not got its data'] : []),
  ]
}

const WHAT_IS_LOST = {
  seconds: 'a crash of the machine: the last second is lost, or what the system had not written yet',
  snapshots: 'a restart of the server: it keeps nothing, or only snapshots',
  nothing: 'a restart of the server: it keeps nothing, or only snapshots',
  unknown: 'a restart of the server: whether it keeps its data is not known',
} as const
