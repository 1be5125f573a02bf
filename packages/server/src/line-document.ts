/** A line of claims as JSON: tokens are text, because numbers end at 2^53. */
import type { LineView } from 'holdfast'

export interface LineDocument {
  readonly namespace: string
  readonly name: string
  readonly lastToken: string
  readonly capacity: number | null
  readonly claims: readonly {
    readonly id: string
    readonly state: string
    readonly weight: number
    readonly token: string | null
    readonly endsInMs: number | null
    readonly owner: string
    readonly note: string
  }[]
}

export function lineDocument(namespace: string, name: string, line: LineView): LineDocument {
  return {
    namespace,
    name,
    lastToken: String(line.lastToken),
    capacity: line.capacity ?? null,
    claims: line.claims.map(({ id, state, weight, token, endsInMs, owner, note }) => ({
      id,
      state,
      weight,
      token: token === undefined ? null : String(token),
      endsInMs: endsInMs === undefined ? null : Math.round(endsInMs),
      owner,
      note,
    })),
  }
}
