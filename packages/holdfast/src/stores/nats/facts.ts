/** What NATS promises as the bucket and its servers are set up: by replicas, by the disk, and by what is said of its syncing. */
import type { Facts } from '../../store/facts.ts'
import { assertUsable } from '../nats-driver/bucket-form.ts'
import type { NatsStream } from '../nats-driver/stream.ts'
import { observedFacts } from '../records/observed-facts.ts'

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
  const kept =
    replicas === 1 ? 'once, on one server' : `on ${replicas} servers, and by more than half before it is answered`
  const agrees = replicas >= REPLICAS_AGREEING
  const observed = observedFacts('entry', 'the bucket')
  return {
    ...observed,
    engine: `NATS ${server.version}`,
    safetyClass: doubts.length > 0 ? 'best-effort' : agrees ? 'consensus' : 'durable',
    reasons: [
      `Every change is compared and set by the leader of the bucket, which keeps it ${kept}.`,
      ...doubts,
      ...(server.isDeaf ? ['This user may not hear notices (docs/nats.md), so waiters look by themselves.'] : []),
      'What holds and waits in a line has at most 32 KiB; the next one is refused as full.',
    ],
    wakeUp: server.isDeaf ? 'poll' : 'push',
    lockRisks: [...observed.lockRisks, ...(doubts.length > 0 ? ['a server that loses its power or its disk'] : [])],
  }
}

/** Why it is best-effort. */
function doubtsOf({ storage }: NatsStream['config'], { version, syncsAlways }: NatsServerFacts): readonly string[] {
  if (storage === 'memory') return ['The bucket is kept in memory alone: what its servers hold goes with them.']
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const canSync = major > SYNC_SINCE[0] || (major === SYNC_SINCE[0] && minor >= SYNC_SINCE[1])
  if (syncsAlways && canSync) return []
  if (syncsAlways)
    return [`A server of version ${version} cannot sync each write: that came with ${SYNC_SINCE.join('.')}.`]
  return [
    'Servers write to their disks every two minutes unless told otherwise, so a loss of power may take back what was ' +
      'answered. Set sync_interval: always on each of them, then say syncsAlways (or ?sync=always).',
  ]
}
