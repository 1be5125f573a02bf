/** What an operator sees of a line of keys. */
import type { ClaimView, LineView } from '../../store/line-view.ts'
import type { WholeEntry } from './engine.ts'
import { type Judged, judged } from './rule.ts'

/** Enough to tell claims apart, useless to release one. */
const SHOWN_ID_LENGTH = 8

export function viewOfKeys(resource: string, entries: readonly WholeEntry[], version: string): LineView {
  const line = judged(entries, 0)
  const granted = line.filter(({ holds, isLingering }) => holds || isLingering)
  return {
    resource,
    lastToken: granted.reduce((last, { token }) => (token > last ? token : last), 0n),
    ...(entries[0] === undefined ? {} : { capacity: entries[0].capacity }),
    claims: line.map(claimViewOf),
    version,
  }
}

function claimViewOf(entry: Judged<WholeEntry>): ClaimView {
  const { id, weight, token, owner, note, holds, isLingering, endsInMs } = entry
  return {
    id: id.slice(0, SHOWN_ID_LENGTH),
    state: isLingering ? 'lingering' : holds ? 'held' : 'waiting',
    weight,
    ...(holds || isLingering ? { token } : {}),
    ...(endsInMs === undefined ? {} : { endsInMs }),
    owner,
    note,
  }
}
