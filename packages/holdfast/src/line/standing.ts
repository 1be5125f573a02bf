/** From the state of a claim in its line to what the store answers: for stores that keep the line themselves. */
import type { Standing } from '../store/standing.ts'
import type { Stamp } from '../time/clock.ts'
import type { ClaimState } from './transition.ts'

/**
 * `askedAt`: the stamp taken before the line was read. `recheckInMs`: when a waiting claim has to look again at the
 * latest, for reasons that the line does not know.
 */
export function standingOf(
  state: ClaimState,
  askedAt: Stamp,
  recheckInMs: number = Number.POSITIVE_INFINITY,
): Standing {
  switch (state.kind) {
    case 'held':
      return { kind: 'held', token: state.token, lifeMs: state.lifeMs, provisional: state.provisional, askedAt }
    case 'queued': {
      if (recheckInMs === Number.POSITIVE_INFINITY) return state
      return { ...state, recheckInMs: Math.min(state.recheckInMs ?? Number.POSITIVE_INFINITY, recheckInMs) }
    }
    default:
      return state
  }
}
