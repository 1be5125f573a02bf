/** What happened to a line between two looks at it, told by its claims: who came, who holds, who went. */
import type { ClaimView, LineView } from 'holdfast'

/** `missed`: the lock was taken and given back between two looks. */
export type ChangeKind = 'waiting' | 'held' | 'ended' | 'withdrawn' | 'missed'

export interface LineChange {
  readonly kind: ChangeKind
  readonly owner: string
  /** In decimal; null for a claim without one. */
  readonly token: string | null
  /** How long the claim was in the state that it left, as seen from here; null when it was in none. */
  readonly forMs: number | null
  /** It was in that state before it was first looked at. */
  readonly isAtLeast: boolean
}

/** Since when a claim is in its state, as seen from here. */
export interface ClaimAge {
  readonly state: ClaimView['state']
  readonly sinceMs: number
  readonly isAtLeast: boolean
}

export type ClaimAges = ReadonlyMap<string, ClaimAge>

const NO_CLAIMS: readonly ClaimView[] = []

/** `isFirst`: nothing is known of what was before, so the ages of what is there are a least. */
export function agesOf(line: LineView, before: ClaimAges, nowMs: number, isFirst: boolean): ClaimAges {
  return new Map(
    line.claims.map(({ id, state }) => {
      const age = before.get(id)
      return [id, age?.state === state ? age : { state, sinceMs: nowMs, isAtLeast: isFirst }]
    }),
  )
}

/** In the order in which they must have happened: what ended made room. */
export function changesBetween(
  before: LineView | undefined,
  after: LineView,
  ages: ClaimAges,
  nowMs: number,
): readonly LineChange[] {
  const earlier = new Map((before?.claims ?? NO_CLAIMS).map((claim) => [claim.id, claim]))
  const later = new Map(after.claims.map((claim) => [claim.id, claim]))
  const change = (kind: ChangeKind, claim: ClaimView): LineChange => {
    const age = ages.get(claim.id)
    const forMs = age === undefined ? null : Math.round(nowMs - age.sinceMs)
    const token = claim.token === undefined ? null : String(claim.token)
    return { kind, owner: claim.owner, token, forMs, isAtLeast: age?.isAtLeast ?? false }
  }
  const ended = [...earlier.values()].flatMap((claim) => {
    const { state } = later.get(claim.id) ?? {}
    if (claim.state === 'held' && state !== 'held') return [change('ended', claim)]
    return claim.state === 'waiting' && state === undefined ? [change('withdrawn', claim)] : []
  })
  const begun = [...later.values()].flatMap((claim) => {
    if (claim.state === 'lingering' || earlier.get(claim.id)?.state === claim.state) return []
    return [change(claim.state, claim)]
  })
  return [...ended, ...missedGrant(before, after), ...begun]
}

function missedGrant(before: LineView | undefined, after: LineView): readonly LineChange[] {
  const isSeen = after.claims.some(({ token }) => token === after.lastToken)
  if (before === undefined || isSeen || after.lastToken <= before.lastToken) return []
  return [{ kind: 'missed', owner: '', token: String(after.lastToken), forMs: null, isAtLeast: false }]
}
