/** `holdfast/partitions`: partitions shared out among the members of a group, each with a fenced owner. */
import { clientOf } from '../../client/client-registry.ts'
import { checkKeys } from '../../client/options.ts'
import { Misuse } from '../../store/errors.ts'
import { durationMs } from '../../time/duration.ts'
import { PARTITIONS_MAX } from '../assignment/assignment-note.ts'
import { traitsOf } from '../assignment/member-traits.ts'
import type { Locks } from '../locks.ts'
import { joinPlan } from '../members/line-members.ts'
import { recipeName } from '../recipe-name.ts'
import { wholeNumber } from '../whole-number.ts'
import { LinePartitions } from './line-partitions.ts'
import type { PartitionGroup, PartitionsOptions } from './partitions.ts'

export { assign } from '../assignment/assign.ts'
export type { Candidature, Owner } from '../assignment/assign.ts'
export type { MaybePromise, Stopping } from '../duty.ts'
export type { JoinOptions } from '../members/members.ts'
export type * from './partitions.ts'

const HOUR_MS = 60 * 60 * 1_000
const SETTLE_MS_MAX = 60_000
const SHARE_MAX = 100
const OPTIONS = ['count', 'share', 'drainWithin', 'rejoinWithin', 'settle', 'id', 'metadata', 'ttl', 'wait']

/**
 * A group of processes that shares `count` partitions. Sends nothing before it is used. Throws `Misuse` for options out of range.
 * On a best-effort store it warns once through the client's logger; on one that keeps no members `run` rejects with `Unsupported`.
 *
 * @example
 * const orders = partitions(locks, 'orders', { count: 12, id: process.env['POD_NAME'], drainWithin: '20s' })
 */
export function partitions(locks: Locks, name: string, options: PartitionsOptions): PartitionGroup {
  const client = clientOf(locks)
  checkKeys(options, OPTIONS)
  const { count, share = 1, drainWithin = '30s', rejoinWithin, settle = '1s', ...joining } = options
  wholeNumber('count', count, PARTITIONS_MAX)
  wholeNumber('share', share, SHARE_MAX)
  if (rejoinWithin !== undefined && joining.id === undefined) {
    throw new Misuse('rejoinWithin needs an id, by which a process that comes back is known')
  }
  const line = (part: string): string => recipeName('partitions', `${name}:${part}`)
  const { settings, ...join } = joinPlan(client, joining, '')
  const rejoinDefault = join.isShared ? Math.min(settings.ttlMs, HOUR_MS) : 0
  const rejoinWithinMs = durationMs('rejoinWithin', rejoinWithin ?? rejoinDefault, { minMs: 0, maxMs: HOUR_MS })
  const plain = { ...settings, signal: undefined }
  return new LinePartitions(client, {
    group: name,
    count,
    settings: plain,
    leader: line('leader'),
    assignment: line('assignment'),
    members: line('members'),
    partition: (index) => line(`p/${index}`),
    lines: { name: line('members'), capacity: count, idName: (id) => line(`m/${id}`) },
    join: { ...join, traits: traitsOf(share, rejoinWithinMs > 0), settings: { ...plain, lockDelayMs: rejoinWithinMs } },
    rejoinWithinMs,
    drainWithinMs: durationMs('drainWithin', drainWithin, { minMs: 0, maxMs: HOUR_MS }),
    settleMs: durationMs('settle', settle, { minMs: 0, maxMs: SETTLE_MS_MAX }),
  })
}
