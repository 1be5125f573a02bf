/** What a member says of itself in the note of its claim: its id, traits of the recipe, and text for the others. */
import type { ClaimView, LineView } from '../../store/line-view.ts'

export interface MemberNote {
  readonly id: string
  /** One line, for the recipe that keeps the list. */
  readonly traits: string
  readonly metadata: string
}

export interface MemberView extends MemberNote {
  readonly owner: string
  /** `lingering`: it fell silent, and its place is kept for a while. */
  readonly state: ClaimView['state']
}

/** What is left of a note beside an id and traits. */
export const METADATA_BYTES_MAX = 3_800

export function encodeMember({ id, traits, metadata }: MemberNote): string {
  return [id, traits, metadata].join('\n')
}

/** In the order of joining, each id once: the newest of two claims is the member, the other one a remnant of it. */
export function membersOf({ claims }: LineView): readonly MemberView[] {
  const members = new Map<string, MemberView>()
  for (const { note, owner, state } of claims) {
    const [id = '', traits, ...metadata] = note.split('\n')
    if (traits === undefined) continue
    const known = members.get(id)
    if (state === 'held' || known === undefined)
      members.set(id, { id, traits, metadata: metadata.join('\n'), owner, state })
  }
  return [...members.values()]
}
