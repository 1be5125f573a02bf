/** How a line of claims is shown: as stable JSON for scripts, as words and columns for people. */
import { CAPACITY_MAX, type ClaimView, type LineView } from 'holdfast'
import { shortDuration } from './text.ts'

/** A document of `inspect --json`. Fields may be added, never changed or removed. */
export interface LineDocument {
  readonly namespace: string
  readonly name: string
  /** The highest token ever granted, `"0"` when unknown. */
  readonly lastToken: string
  /** null while there is no claim. */
  readonly capacity: number | null
  readonly claims: readonly ClaimDocument[]
}

export interface ClaimDocument {
  readonly id: string
  readonly state: ClaimView['state']
  readonly weight: number
  readonly token: string | null
  /** null where the engine cannot know. */
  readonly endsInMs: number | null
  readonly owner: string
  readonly note: string
}

export function lineDocument(namespace: string, name: string, line: LineView): LineDocument {
  return {
    namespace,
    name,
    lastToken: String(line.lastToken),
    capacity: line.capacity ?? null,
    claims: line.claims.map((claim) => ({
      id: claim.id,
      state: claim.state,
      weight: claim.weight,
      token: claim.token === undefined ? null : String(claim.token),
      endsInMs: claim.endsInMs === undefined ? null : Math.round(claim.endsInMs),
      owner: claim.owner,
      note: claim.note,
    })),
  }
}

/** What kind of lock a claim is for, in a word. */
export function kindOf(claim: ClaimView, line: LineView): string {
  const capacity = line.capacity ?? 1
  if (capacity === 1) return 'lock'
  // More places than a semaphore can have: a read/write lock, where a writer weighs all of it.
  if (capacity > CAPACITY_MAX) return claim.weight === capacity ? 'write' : 'read'
  return `${claim.weight} of ${capacity}`
}

export const claimColumns: readonly string[] = ['STATE', 'KIND', 'TOKEN', 'ENDS IN', 'OWNER', 'NOTE']

export function claimRow(claim: ClaimView, line: LineView): readonly string[] {
  return [
    claim.state,
    kindOf(claim, line),
    claim.token === undefined ? '-' : String(claim.token),
    endOf(claim),
    claim.owner,
    claim.note,
  ]
}

/** For a column. */
export function endOf(claim: ClaimView): string {
  return claim.endsInMs === undefined ? '-' : shortDuration(claim.endsInMs)
}

/** The holders in a few words; undefined when there is none. */
export function holdersInWords(line: LineView): string | undefined {
  const holders = line.claims.filter((claim) => claim.state !== 'waiting')
  const [first] = holders
  if (first === undefined) return undefined
  const more = holders.length > 1 ? ` and ${holders.length - 1} more` : ''
  const note = first.note === '' ? '' : ` (${first.note})`
  if (first.state === 'lingering') return `nobody, for another ${endOf(first)} (lock-delay or minimum hold)${more}`
  return `${first.owner}${note}, token ${first.token}${more}`
}
