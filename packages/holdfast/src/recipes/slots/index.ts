/** `holdfast/slots`: numbered places, each held by one process at a time. */
import { clientOf } from '../../client/client-registry.ts'
import { checkKeys } from '../../client/options.ts'
import { Misuse } from '../../store/errors.ts'
import type { Locks } from '../locks.ts'
import { LineSlots } from './line-slots.ts'
import type { Slots, SlotsOptions } from './slots.ts'

export type { MaybePromise } from '../duty.ts'
export type * from './slots.ts'

const COUNT_MAX = 4_096
/** The line of `a:1` would be the lock of number 1 of `a`. */
const NUMBERED = /:\d+$/

/**
 * Places that are numbered from 0, each held by one process at a time. Throws `Misuse` for a count that is out of range;
 * a call rejects with it where other processes say another count.
 *
 * @example
 * const workers = slots(locks, 'id-generator', { count: 1024 })
 * const slot = await workers.acquire({ lockDelay: '10s' })
 * console.log(slot.slot, slot.notBeforeMs('1s'))
 */
export function slots(locks: Locks, name: string, options: SlotsOptions): Slots {
  const client = clientOf(locks)
  checkKeys(options, ['count'])
  const { count } = options
  if (!Number.isInteger(count) || count < 1 || count > COUNT_MAX) {
    throw new Misuse(`count must be a whole number from 1 to ${COUNT_MAX}, got ${String(count)}`)
  }
  if (NUMBERED.test(name))
    throw new Misuse(`the name of numbered places must not end in a colon and a number: "${name}"`)
  return new LineSlots(client, name, count)
}
