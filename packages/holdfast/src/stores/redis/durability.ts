/** What the class of a Redis hangs on, as the worst of its servers has it; and the sentences that say so. */
import { type ServerFindings, flushesEachChange, type Settings } from '../redis-driver/probe.ts'

/** What a server has after its machine crashed, from the best to the worst. */
const KEEPING = ['always', 'seconds', 'snapshots', 'nothing', 'unknown'] as const
type Keeping = (typeof KEEPING)[number]

export interface Topology {
  readonly isCluster: boolean
  /** Sentinels may put another server in its place. */
  readonly failsOver: boolean
}

export interface Durability {
  readonly isCluster: boolean
  readonly failsOver: boolean
  readonly kept: Keeping
  /** In the words of the server. */
  readonly flush: string
  /** Whether it does without flushing while a child process writes. */
  readonly flushPauses: boolean
  readonly replicas: number
  readonly mayFailOver: boolean
  /** The policy, where there is one that takes keys. */
  readonly evicts: string | undefined
  /** Connected replicas without which the server refuses to write; 0 for all the same. */
  readonly replicasNeeded: number
  readonly isTold: boolean
}

export function durabilityOf(findings: readonly ServerFindings[], { isCluster, failsOver }: Topology): Durability {
  const replicas = findings.reduce((sum, each) => sum + each.replicas, 0)
  const isTold = findings.every(({ settings }) => settings !== undefined)
  const settings = findings.flatMap((each) => each.settings ?? [])
  const worst = settings.toSorted((one, other) => rankOf(other) - rankOf(one))[0]
  return {
    isCluster,
    failsOver,
    kept: isTold && worst !== undefined ? keepingOf(worst) : 'unknown',
    flush: settings.map((each) => each.get('appendfsync') ?? '').find((flush) => flush !== 'always') ?? 'always',
    flushPauses: settings.some((each) => each.get('no-appendfsync-on-rewrite') !== 'no'),
    replicas,
    mayFailOver: replicas > 0 || failsOver || !isTold,
    evicts: settings.find(evicts)?.get('maxmemory-policy'),
    replicasNeeded: isTold ? Math.min(...settings.map((each) => Number(each.get('min-replicas-to-write')))) : 0,
    isTold,
  }
}

function keepingOf(settings: Settings): Keeping {
  if (flushesEachChange(settings)) return 'always'
  if (settings.get('appendonly') === 'yes') return 'seconds'
  return (settings.get('save') ?? '') === '' ? 'nothing' : 'snapshots'
}

function rankOf(settings: Settings): number {
  return KEEPING.indexOf(keepingOf(settings))
}

function evicts(settings: Settings): boolean {
  return settings.get('maxmemory') !== '0' && settings.get('maxmemory-policy') !== 'noeviction'
}

export function reasonsOf(traits: Durability): readonly string[] {
  const { isCluster, isTold, evicts: policy } = traits
  const reasons = [
    isCluster
      ? 'The primary of its slot decides every change of a lock in one script.'
      : 'One server decides every change in one script.',
  ]
  if (isTold) reasons.push(...keepingReasons(traits))
  else
    reasons.push(
      'The server does not tell its configuration (CONFIG GET is refused, or leaves settings out), so nothing durable is assumed.',
    )
  reasons.push(...failoverReasons(traits))
  if (policy !== undefined)
    reasons.push(
      `${subjectOf(traits)} evicts keys when its memory is full, and locks with them (maxmemory-policy is ${policy}; set noeviction).`,
    )
  return reasons
}

function keepingReasons(traits: Durability): readonly string[] {
  const it = subjectOf(traits)
  switch (traits.kept) {
    case 'always':
      return ['Every change is flushed to the append-only file before it is answered (appendfsync always).']
    case 'seconds':
      return [
        ...(traits.flush === 'always'
          ? []
          : [`${it} may lack the last second after a crash (appendfsync is ${traits.flush}; set always).`]),
        ...(traits.flushPauses
          ? [
              `${it} may lack up to half a minute after a crash while the append-only file is rewritten or a snapshot is made (no-appendfsync-on-rewrite is yes; set no).`,
            ]
          : []),
      ]
    case 'snapshots':
      return [
        `${it} keeps snapshots and no append-only file, so a restart forgets locks (set appendonly yes and appendfsync always).`,
      ]
    case 'nothing':
    case 'unknown':
      return [
        `${it} keeps no append-only file, so a restart forgets locks (set appendonly yes and appendfsync always).`,
      ]
  }
}

function failoverReasons({ replicas, failsOver, replicasNeeded, isCluster }: Durability): readonly string[] {
  const reasons: string[] = []
  if (failsOver)
    reasons.push('Sentinels may replace it by a replica, which follows later: a failover may forget locks.')
  if (replicas > 0)
    reasons.push(
      `${isCluster ? 'Its primaries have' : 'It has'} ${replicas} replicas, which follow later: a failover may forget locks.`,
    )
  if (replicasNeeded > 0)
    reasons.push(
      `It refuses changes while fewer than ${replicasNeeded} replicas are connected (min-replicas-to-write), which makes that rarer and does not rule it out.`,
    )
  return reasons
}

function subjectOf({ isCluster }: Durability): string {
  return isCluster ? 'One of its primaries' : 'It'
}
