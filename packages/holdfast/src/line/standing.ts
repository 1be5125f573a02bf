/** From a place in a line to what core is told: for stores that keep the line themselves. */
import type { Stamp } from '../time/clock.ts'
import type { Standing } from '../store/store.ts'
import { type ClaimState, situationOf } from './transition.ts'

/**
 * `askedAt`: the stamp taken before the line was read. `lookInMs`: when a waiting claim has to look again at the
 * latest, for reasons that the line does not know.
 */
export function standingOf(place: ClaimState, askedAt: Stamp, lookInMs: number = Number.POSITIVE_INFINITY): Standing {
  switch (place.kind) {
    case 'held':
      return {
        kind: 'held',
        token: place.token,
        lifeMs: place.lifeMs,
        provisional: place.provisional,
        askedAt,
        memo: situationOf(place),
      }
    case 'queued': {
      const recheckInMs = Math.min(place.recheckInMs ?? Number.POSITIVE_INFINITY, lookInMs)
      return { ...place, ...(Number.isFinite(recheckInMs) ? { recheckInMs } : {}), memo: situationOf(place) }
    }
    default:
      return place
  }
}
