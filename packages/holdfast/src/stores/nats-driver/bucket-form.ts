/** How a bucket for locks is set up, and which buckets may lose some: those are refused. */
import { StoreUnavailable } from '../../store/errors.ts'
import { TTL_MS_MAX } from '../../store/limits.ts'
import { type NatsStream, streamOf, subjectsOf } from './stream.ts'

const NANOSECONDS_PER_MS = 1_000_000
/** A line that is used at all is written within the longest lease. */
const AGE_MS_MIN = 7 * TTL_MS_MAX

export function formOf(bucket: string, replicas: number): object {
  return {
    name: streamOf(bucket),
    description: 'locks of Holdfast',
    subjects: [subjectsOf(bucket)],
    retention: 'limits',
    storage: 'file',
    num_replicas: replicas,
    max_msgs_per_subject: 1,
    max_msgs: -1,
    max_bytes: -1,
    max_age: 0,
    max_consumers: -1,
    // What is full refuses the next record, and deletes none.
    discard: 'new',
    deny_delete: true,
    allow_rollup_hdrs: true,
    allow_direct: true,
  }
}

/** Throws where locks cannot be kept in this bucket. */
export function assertUsable({ discard, max_age, max_bytes, max_msgs, mirror, retention }: NatsStream['config']): void {
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
