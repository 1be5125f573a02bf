/** A line of claims as JSON: tokens are text, because numbers end at 2^53. */
import type { ClaimView, LineView } from 'holdfast'

export interface LineDocument {
  readonly namespace: string
  readonly name: string
  readonly lastToken: string
  readonly capacity: number | null
  readonly claims: readonly ClaimDocument[]
  /** Claims at the end of the line that are left out, because the document would be too long. */
  readonly hidden?: number
}

export interface ClaimDocument {
  readonly id: string
  readonly state: string
  readonly weight: number
  readonly token: string | null
  readonly endsInMs: number | null
  readonly owner: string
  readonly note: string
}

/** Where there are more than `bytesMax` of JSON, the claims that came last are only counted. */
export function lineDocument(
  namespace: string,
  name: string,
  line: LineView,
  bytesMax: number = Number.POSITIVE_INFINITY,
): LineDocument {
  const claims = firstClaims(line.claims.map(claimDocument), bytesMax)
  const hidden = line.claims.length - claims.length
  return {
    namespace,
    name,
    lastToken: String(line.lastToken),
    capacity: line.capacity ?? null,
    claims,
    ...(hidden === 0 ? {} : { hidden }),
  }
}

function firstClaims(claims: readonly ClaimDocument[], bytesMax: number): readonly ClaimDocument[] {
  if (bytesMax === Number.POSITIVE_INFINITY) return claims
  let bytes = 0
  return claims.filter((claim) => (bytes += Buffer.byteLength(JSON.stringify(claim))) <= bytesMax)
}

function claimDocument({ id, state, weight, token, endsInMs, owner, note }: ClaimView): ClaimDocument {
  return {
    id,
    state,
    weight,
    token: token === undefined ? null : String(token),
    endsInMs: endsInMs === undefined ? null : Math.round(endsInMs),
    owner,
    note,
  }
}
