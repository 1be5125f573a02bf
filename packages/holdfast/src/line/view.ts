/** What an operator sees of a line. Made from the line itself, for every store that keeps lines as data. */
import type { LineClaim, Line } from './line.ts'
import type { ClaimView, LineView } from '../store/line-view.ts'
import { type Moment, sweep } from './transition.ts'

/** Enough to tell claims apart, useless to release one. */
const SHOWN_ID_LENGTH = 8

/** The line at a moment, without what has ended by then. Looking changes nothing, so a turn that is due is still shown as waiting. */
export function viewOf(resource: string, line: Line, now: Moment, version: string): LineView {
  const { lastToken, claims } = sweep(line, now)
  const capacity = claims.find((claim) => claim.state !== 'lingering' || claim.weight > 0)?.capacity
  return {
    resource,
    lastToken,
    ...(capacity === undefined ? {} : { capacity }),
    claims: claims.map((claim) => claimViewOf(claim, now)),
    version,
  }
}

function claimViewOf(claim: LineClaim, now: Moment): ClaimView {
  return {
    id: claim.id.slice(0, SHOWN_ID_LENGTH),
    state: claim.state,
    weight: claim.weight,
    ...(claim.state === 'waiting' ? {} : { token: claim.token }),
    endsInMs: claim.endsAtMs - now.nowMs,
    owner: claim.owner,
    note: claim.note,
  }
}

/** Whether an observer would see a difference: a renewed lease ends later and is the same lease. */
export function looksDifferent(before: Line, after: Line): boolean {
  if (before.lastToken !== after.lastToken || before.claims.length !== after.claims.length) return true
  return after.claims.some((claim, index) => {
    const other = before.claims[index]
    return other?.id !== claim.id || other.state !== claim.state || other.note !== claim.note
  })
}

/** Equal while no claim came, went, was granted the lock or changed its note; a renewed lease looks the same. */
export function appearanceOf(line: Line, now: Moment): string {
  const { lastToken, claims } = sweep(line, now)
  const seen = claims.map(({ id, state, note }) => [id.slice(0, SHOWN_ID_LENGTH), state, note])
  return `${lastToken}-${digestOf(JSON.stringify(seen))}`
}

/** FNV-1a over UTF-16, 53 bits: a version is compared with the one before it, and protects nothing. */
function digestOf(text: string): string {
  let [high, low] = [0x811c9dc5, 0x1000193]
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index)
    high = Math.imul(high ^ unit, 0x01000193)
    low = Math.imul(low ^ (unit + index), 0x85ebca6b)
  }
  return `${(high >>> 0).toString(36)}${(low >>> 0).toString(36)}`
}
