/** Where guards publish: channels that cost nothing without a listener. */
import { channel } from 'node:diagnostics_channel'
import type { GuardEventMap, GuardName } from '../lease/guard-events.ts'
import type { Sequencer } from '../lease/lease.ts'

const asked = channel('holdfast:guard:asked')
const refused = channel('holdfast:guard:refused')

export function publishAsked(guard: GuardName, { namespace, name, mode, token }: Sequencer): void {
  if (asked.hasSubscribers) asked.publish({ guard, namespace, name, mode, token } satisfies GuardEventMap['asked'])
}

export function publishRefusal(guard: GuardName, { namespace, name, mode, token }: Sequencer, needed: bigint): void {
  if (!refused.hasSubscribers) return
  refused.publish({ guard, namespace, name, mode, token, needed } satisfies GuardEventMap['refused'])
}
