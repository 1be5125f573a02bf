/** `holdfast/election`: one of many leads, and stands again when it lost. */
import { clientOf } from '../../client/client-registry.ts'
import { acquireSettings, checkKeys } from '../../client/options.ts'
import { boundedText } from '../../store/bounded-text.ts'
import { NOTE_BYTES_MAX } from '../../store/limits.ts'
import { durationMs } from '../../time/duration.ts'
import type { Locks } from '../locks.ts'
import { recipeName } from '../recipe-name.ts'
import type { Election, ElectionOptions } from './election.ts'
import { LineElection } from './line-election.ts'

export type { MaybePromise, Stopping } from '../duty.ts'
export type * from './election.ts'

const STOP_WITHIN = '10s'
const STOP_WITHIN_MS_MAX = 60 * 60 * 1_000
const OPTIONS = ['ttl', 'announcement', 'stopWithin', 'stopBefore', 'lockDelay']

/**
 * An election among all that name it on one store. Sends nothing before it is used. Throws `Misuse` for options out of range.
 * On a best-effort store it warns once through the client's logger.
 *
 * @example
 * const compactor = election(locks, 'compactor', { ttl: '15s', announcement: 'http://10.0.0.7:8080' })
 */
export function election(locks: Locks, name: string, options: ElectionOptions = {}): Election {
  const client = clientOf(locks)
  checkKeys(options, OPTIONS)
  const { announcement = '', stopWithin = STOP_WITHIN, ...call } = options
  const note = boundedText('announcement', announcement, NOTE_BYTES_MAX)
  return new LineElection(client, {
    name: recipeName('election', name),
    settings: acquireSettings({ ...call, note }, client.defaults),
    stopWithinMs: durationMs('stopWithin', stopWithin, { minMs: 0, maxMs: STOP_WITHIN_MS_MAX }),
  })
}
