/** What one process holds and waits for, of all lines that this server sees: the question of who has to be restarted for a lock. */
import type { ClaimView } from 'holdfast'
import type { KnownLine } from './line-picture.ts'

export interface OwnerClaim {
  readonly name: string
  /** As the process says of itself. */
  readonly owner: string
  readonly state: ClaimView['state']
  readonly token: string | null
  /** Among the waiters of its line, from 1; null for a claim that does not wait. */
  readonly place: number | null
  /** Since when it is in its state, as seen from here; `isAtLeast` when it was there before. */
  readonly forMs: number
  readonly isAtLeast: boolean
  readonly endsInMs: number | null
  readonly note: string
}

export interface OwnerClaims {
  readonly claims: readonly OwnerClaim[]
  /** Beyond the limit of an answer. */
  readonly hidden: number
}

export const OWNER_CLAIMS_MAX = 1_000

/** `owner` is a process (`db3/4711`), or all processes of a host (`db3`). What ends first comes first. */
export function claimsOfOwner(lines: Iterable<KnownLine>, owner: string, prefix: string): OwnerClaims {
  const nowMs = performance.now()
  const found: OwnerClaim[] = []
  for (const known of lines) if (known.name.startsWith(prefix)) found.push(...claimsIn(known, owner, nowMs))
  const ending = ({ endsInMs }: OwnerClaim): number => endsInMs ?? Number.MAX_SAFE_INTEGER
  const claims = found.sort((one, other) => ending(one) - ending(other)).slice(0, OWNER_CLAIMS_MAX)
  return { claims, hidden: found.length - claims.length }
}

function claimsIn({ name, line, ages, atMs }: KnownLine, owner: string, nowMs: number): readonly OwnerClaim[] {
  let place = 0
  return (line?.claims ?? []).flatMap((claim) => {
    if (claim.state === 'waiting') place += 1
    if (claim.owner !== owner && !claim.owner.startsWith(`${owner}/`)) return []
    const age = ages.get(claim.id)
    return {
      name,
      owner: claim.owner,
      state: claim.state,
      token: claim.token === undefined ? null : String(claim.token),
      place: claim.state === 'waiting' ? place : null,
      forMs: age === undefined ? 0 : Math.round(nowMs - age.sinceMs),
      isAtLeast: age?.isAtLeast ?? false,
      endsInMs: claim.endsInMs === undefined ? null : Math.max(0, Math.round(claim.endsInMs - (nowMs - atMs))),
      note: claim.note,
    }
  })
}
