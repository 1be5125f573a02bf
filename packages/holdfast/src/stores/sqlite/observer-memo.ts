/** How a line looks to observers, in a memo. */
import { hash } from 'node:crypto'
import type { Line } from '../../line/line.ts'
import type { Memo } from '../../store/store.ts'
import { type Moment, sweep } from '../../line/transition.ts'

/** Equal while nobody came, went, was granted the lock or changed a note; a renewed lease looks the same. */
export function appearanceOf(line: Line, now: Moment): Memo {
  const { lastToken, claims } = sweep(line, now)
  const seen = claims.map(({ id, state, note }) => [id, state, note])
  return hash('sha256', JSON.stringify([String(lastToken), seen]), 'base64url')
}
