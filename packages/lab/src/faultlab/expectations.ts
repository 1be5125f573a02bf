/**
 * What must hold under which fault, as a table: without it a lab either cries wolf or learns to look away. What is not
 * listed here must hold. Nothing is listed for a run without a guard: that it breaks is the reason for having one.
 */
import type { Property } from '../judge/violation.ts'
import { partsOf } from './faults/choice.ts'
import { JUMP_TTLS } from './faults/clock-faults.ts'
import type { Persistence } from './environment/environment.ts'
import type { Settings } from './settings.ts'

export interface Excuse {
  readonly scheme: string
  /** Any of these. */
  readonly faults: readonly string[]
  readonly property: Property
  readonly because: string
  /** Only when the run's own servers keep their data like this. */
  readonly persistences?: readonly Persistence[]
  /** Only when one of these is made in the same run. */
  readonly besides?: readonly string[]
  /** For how many leases longer than a store needs to heal it shows. @default 0 */
  readonly outlastsByTtls?: number
}

/** What of a run decides which excuses it has. */
export type Circumstances = Pick<Settings, 'scheme' | 'faults' | 'persistence'>

const noticed = 'those who held hear of it at their next renewal, a third of the lease later'
const twoFiles = 'deleting the lock file makes a new, empty one, in which those who hold by the old one are unknown'
const late =
  'replication is later than the answer, and Redis cannot take an answer back: the replica that takes over has forgotten who holds'
const noLog = 'without a log a server that starts anew has forgotten who holds'
const passedOver =
  'a waiter whose connection is broken when its turn comes is passed over, as if its process were gone, and stands in line anew'
const judges = "the server's wall clock judges expiry, and set forward it ends"
const lossy: readonly Persistence[] = ['everysec', 'none']

const sqlite: readonly Excuse[] = [
  { scheme: 'sqlite', faults: ['wipe'], property: 'V', because: `${twoFiles}; ${noticed}` },
  { scheme: 'sqlite', faults: ['wipe'], property: 'F', because: `${twoFiles}; so the line starts anew` },
]

/** A server that forgets hands the same lock out again, and the line starts anew. */
function forgetful(
  scheme: string,
  faults: readonly string[],
  why: string,
  persistences?: readonly Persistence[],
): readonly Excuse[] {
  const common = { scheme, faults, ...(persistences !== undefined && { persistences }) }
  return [
    { ...common, property: 'V', because: `${why}; ${noticed}` },
    { ...common, property: 'F', because: `${why}, and the line with it` },
  ]
}

const redis: readonly Excuse[] = [
  ...forgetful('redis', ['wipe'], 'a server whose data is deleted has forgotten who holds'),
  ...forgetful('redis', ['kill-server', 'restart-server'], noLog, ['none']),
  ...unsynced('redis'),
  ...forgetful('redis', ['failover'], late),
  ...judged('redis'),
  {
    scheme: 'redis',
    faults: ['server-clock-jump'],
    property: 'T',
    because: 'a server that has forgotten its last token takes the next one from its clock, which was set back',
    besides: ['wipe', 'failover', 'power-loss', 'kill-server', 'restart-server'],
    outlastsByTtls: JUMP_TTLS.max,
  },
  {
    scheme: 'redis',
    faults: ['server-clock-jump'],
    property: 'R',
    because: 'tokens that have fallen back do not tell which grant is the later one',
    besides: ['wipe', 'failover', 'power-loss', 'kill-server', 'restart-server'],
    outlastsByTtls: JUMP_TTLS.max,
  },
  {
    scheme: 'redis',
    faults: [
      'cut',
      'black-hole',
      'lose-replies',
      'lose-requests',
      'delay',
      'partition',
      'kill-server',
      'restart-server',
      'disk-full',
    ],
    property: 'F',
    because: passedOver,
  },
]

const behind = 'replication is later than the answer: the standby that takes over has forgotten who holds'

const unwritten = 'what was not written when the server died is forgotten'

const postgres: readonly Excuse[] = [
  ...forgetful('postgres', ['kill-server', 'restart-server'], unwritten, ['everysec']),
  ...unsynced('postgres'),
  ...forgetful('postgres', ['failover'], behind),
  ...judged('postgres'),
]

const mysql: readonly Excuse[] = [
  ...forgetful('mysql', ['kill-server'], unwritten, ['none']),
  ...unsynced('mysql'),
  ...judged('mysql'),
]

function unsynced(scheme: string): readonly Excuse[] {
  return forgetful(scheme, ['power-loss'], 'what was not synced when the power failed is forgotten', lossy)
}

/** By a clock that jumps. */
function judged(scheme: string): readonly Excuse[] {
  const common = { scheme, faults: ['server-clock-jump'] }
  return [
    { ...common, property: 'V', because: `${judges} leases early; ${noticed}` },
    { ...common, property: 'F', because: `${judges} the claims of those who wait; they stand in line anew` },
  ]
}

const majority =
  'a server whose clock is set forward gives its vote away early, and the votes of the others may not be left to two holders'

const redlock: readonly Excuse[] = [
  { scheme: 'redlock', faults: ['server-clock-jump'], property: 'V', because: majority },
  {
    scheme: 'redlock',
    faults: ['server-clock-jump'],
    property: 'T',
    because: 'a server that lost its data and whose clock is set forward is not kept out for long enough',
    besides: ['wipe', 'power-loss'],
    outlastsByTtls: JUMP_TTLS.max,
  },
  {
    scheme: 'redlock',
    faults: ['server-clock-jump'],
    property: 'R',
    because: 'tokens that have fallen back do not tell which grant is the later one',
    besides: ['wipe', 'power-loss'],
    outlastsByTtls: JUMP_TTLS.max,
  },
]

/** Both replace a primary by the same rules, and only a failover makes them do it. */
const replaced: readonly Excuse[] = ['redis+cluster', 'redis+sentinel'].flatMap((scheme) => [
  ...forgetful(scheme, ['kill-server', 'restart-server'], noLog, ['none']),
  ...forgetful(scheme, ['failover'], `the old primary goes on until it is told, and ${late}`),
  {
    scheme,
    faults: ['failover'],
    property: 'R',
    because: 'the old primary goes on until it is told, and prolongs what the new one has handed out again',
  },
])

/** In a Cluster a message may be heard on another node, so a waiter is never skipped because its message reached no listener. */
const behindSentinels: readonly Excuse[] = [
  { scheme: 'redis+sentinel', faults: ['kill-server', 'restart-server'], property: 'F', because: passedOver },
]

export const excuses: readonly Excuse[] = [
  ...sqlite,
  ...redis,
  ...postgres,
  ...mysql,
  ...redlock,
  ...behindSentinels,
  ...replaced,
]

/** When each of them holds in the run is asked in excused.ts. */
export function excusesOf({ scheme, faults, persistence }: Circumstances): readonly Excuse[] {
  const made = new Set(faults.flatMap(partsOf))
  return excuses.filter(
    (excuse) =>
      excuse.scheme === scheme &&
      excuse.faults.some((fault) => made.has(fault)) &&
      (excuse.persistences?.includes(persistence) ?? true) &&
      (excuse.besides?.some((other) => made.has(other)) ?? true),
  )
}

/**
 * How long after healing a lock may stand free although a client waits. SQLite: a lease that was cut short, a grant
 * that was pushed to a process that is gone (3 s), and a busy machine. Redis: also a client that waits up to two seconds
 * before it connects again. Redlock: also servers that lost their data, which are kept out for some eight seconds. A
 * Cluster, Sentinels: also a client that gives up a frozen primary after five seconds.
 */
const FREE_MS_BEYOND_LEASE: ReadonlyMap<string, number> = new Map([
  ['sqlite', 4_000],
  ['redis', 6_000],
  // Also a client that asks a silent server for five seconds, and a server that recovers.
  ['postgres', 15_000],
  ['mysql', 15_000],
  // Also a waiter that looks every two seconds, and a server in Java that begins anew.
  ['dynamodb', 15_000],
  ['nats', 15_000],
  ['redlock', 15_000],
  // Also elections, whose leader gives every lease its whole time again.
  ['etcd', 15_000],
  // The same, and sessions that outlive a dead holder's lease.
  ['zookeeper', 15_000],
  ['redis+cluster', 11_000],
  ['redis+sentinel', 11_000],
])
const FREE_MS_BEYOND_LEASE_ELSEWHERE = 20_000

export function graceMs(scheme: string, ttlMs: number): number {
  return ttlMs * 2 + (FREE_MS_BEYOND_LEASE.get(scheme) ?? FREE_MS_BEYOND_LEASE_ELSEWHERE)
}

/**
 * How long after healing a lease may still be lost for what was done before: it ends within a lease of its last renewal,
 * which was before the healing, on a busy machine. On servers a client may have waited up to two seconds to connect again,
 * in a Cluster and behind Sentinels for five for a frozen primary.
 */
const QUIET_MS_BEYOND_LEASE: ReadonlyMap<string, number> = new Map([
  ['sqlite', 500],
  ['postgres', 6_000],
  ['mysql', 6_000],
  ['etcd', 4_000],
  ['zookeeper', 3_000],
  ['dynamodb', 6_000],
  ['nats', 6_000],
  ['redis+cluster', 6_000],
  ['redis+sentinel', 6_000],
])
const QUIET_MS_BEYOND_LEASE_ELSEWHERE = 2_500
/** Then the workers continue for so long, so that a lease which is lost without a fault shows. */
const WATCHED_MS_MIN = 2_000
const WATCHED_TTLS = 3

export function quietMs(scheme: string, ttlMs: number): number {
  return ttlMs * 2 + (QUIET_MS_BEYOND_LEASE.get(scheme) ?? QUIET_MS_BEYOND_LEASE_ELSEWHERE)
}

/**
 * How long the workers go on after healing. The waits of all of them and the last one count together, so that this need not
 * be as long as a lock may stand free.
 */
export function calmMs(scheme: string, ttlMs: number): number {
  return quietMs(scheme, ttlMs) + Math.max(WATCHED_MS_MIN, ttlMs * WATCHED_TTLS)
}

/** How late a timer may be in a process that is not stopped, on a machine that has more processes than cores. */
export const LATE_MS = 500

/** Fewer grants of a lock than this show nothing. */
export const GRANTS_MIN = 10
