/** What a member of a group says of itself in one line: its share, and whether its partitions wait for it. */
import type { MemberView } from '../members/member-note.ts'

const WAITS = 'waits'

/** A share of 0 says that it is about to leave. */
export function traitsOf(share: number, isAwaited: boolean): string {
  return isAwaited ? `${share} ${WAITS}` : String(share)
}

/** 0 for a member that gets nothing: it is leaving, or it is gone and its partitions do not wait for it. */
export function shareIn({ traits, state }: Pick<MemberView, 'traits' | 'state'>): number {
  const [share = '', waits] = traits.split(' ')
  if (state !== 'held' && waits !== WAITS) return 0
  return /^\d{1,3}$/.test(share) ? Number(share) : 0
}
