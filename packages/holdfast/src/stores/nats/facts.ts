/** What NATS promises as the bucket and its servers are set up: by replicas, by the disk, and by what is said of its syncing. */
import { StoreUnavailable } from '../../store/errors.ts'
import type { Facts } from '../../store/facts.ts'
import { TTL_MS_MAX } from '../../store/limits.ts'
import type { NatsStream } from '../nats-driver/bucket.ts'

const TTL_MS_MIN_OBSERVED = 500
const NANOSECONDS_PER_MS = 1_000_000
/** A line that is used at all is written within the longest lease. */
const AGE_MS_MIN = 7 * TTL_MS_MAX
/** A majority of them goes on without one. */
const REPLICAS_AGREEING = 3
/** The first version that can be told to sync each write. */
const SYNC_SINCE = [2, 10] as const

export interface NatsServerFacts {
  readonly version: string
  /** What the program says: a server cannot be asked. */
  readonly syncsAlways: boolean
  /** This user may not hear notices. */
  readonly isDeaf: boolean
}

/** Throws where locks cannot be kept in this bucket. */
export function natsFactsOf({ config }: Pick<NatsStream, 'config'>, server: NatsServerFacts): Facts {
  assertUsable(config)
  const doubts = doubtsOf(config, server)
  const replicas = config.num_replicas
  const kept = replicas === 1 ? 'once, on one server' : `on ${replicas} servers, and by more than half before it is answered`
  const agrees = replicas >= REPLICAS_AGREEING
  return {
    engine: `NATS ${server.version}`,
    safetyClass: doubts.length > 0 ? 'best-effort' : agrees ? 'consensus' : 'durable',
    reasons: [
      `Every change is compared and set by the leader of the bucket, which keeps it ${kept}.`,
      ...doubts,
      ...(server.isDeaf
        ? ['This user may not hear notices (docs/nats.md), so waiters look by themselves.']
        : []),
      'What holds and waits in a line has at most 32 KiB; the next one is refused as full.',
    ],
    clock: 'the monotonic clock of each contender, from its own first sight of a holder',
    expiry: 'observed',
    tokens: 'last + 1, in the entry of the line; one that is made anew starts at the wall clock of its maker in µs',
    order: 'fifo',
    wakeUp: server.isDeaf ? 'poll' : 'push',
    ttl: {
      per: 'claim',
      granularityMs: 1,
      minMs: TTL_MS_MIN_OBSERVED,
      maxMs: TTL_MS_MAX,
      takeoverMs: TTL_MS_MIN_OBSERVED,
    },
    lockRisks: [
      'clocks whose rates differ by more than 1 %',
      'deleting or purging entries of the bucket, or restoring a backup of it',
      ...(doubts.length > 0 ? ['a server that loses its power or its disk'] : []),
    ],
    tokenRisks: [
      'restoring a backup of the bucket',
      'losing entries of the bucket together with a clock of a process that is set back',
    ],
    unsupported: {},
  }
}

function assertUsable({ discard, max_age, max_bytes, max_msgs, mirror, retention }: NatsStream['config']): void {
  if (mirror !== undefined) throw unusable('it mirrors another bucket and takes no writes')
  if (retention !== 'limits') throw unusable('it does not keep what was read: retention must be limits')
  if (discard === 'old' && (max_bytes > 0 || max_msgs > 0)) {
    throw unusable('when it is full it deletes its oldest entries, which may be locks: discard must be new')
  }
  if (max_age > 0 && max_age < AGE_MS_MIN * NANOSECONDS_PER_MS) {
    throw unusable('it deletes entries sooner than after seven days (max-age), which may be locks')
  }
}

function unusable(why: string): StoreUnavailable {
  const message = `opening: locks cannot be kept in this bucket: ${why}. Name another bucket, or set it up as docs/nats.md says`
  return new StoreUnavailable(message, { isFinal: true })
}

/** Why it is best-effort. */
function doubtsOf({ storage }: NatsStream['config'], { version, syncsAlways }: NatsServerFacts): readonly string[] {
  if (storage === 'memory') return ['The bucket is kept in memory alone: what its servers hold goes with them.']
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const canSync = major > SYNC_SINCE[0] || (major === SYNC_SINCE[0] && minor >= SYNC_SINCE[1])
  if (syncsAlways && canSync) return []
  if (syncsAlways) return [`A server of version ${version} cannot sync each write: that came with ${SYNC_SINCE.join('.')}.`]
  return [
    'Servers write to their disks every two minutes unless told otherwise, so a loss of power may take back what was ' +
      'answered. Set sync_interval: always on each of them, then say syncsAlways (or ?sync=always).',
  ]
}
