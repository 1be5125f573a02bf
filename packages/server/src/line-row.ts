/** A line as one row of a list: who is first, and how many are behind. The row of a thousand waiters is a short one. */
import type { KnownLine } from './line-picture.ts'

export interface LineRow {
  readonly name: string
  readonly state: 'held' | 'lingering' | 'waiting' | 'unreadable'
  /** By its weights: one place, readers and writers, or several places. */
  readonly kind: 'mutex' | 'read-write' | 'semaphore' | null
  readonly holders: number
  readonly waiters: number
  /** Of the first claim that holds or lingers. */
  readonly owner: string
  readonly token: string | null
  /** Since when the first claim is in its state, as seen from here; `isAtLeast` when it was there before. */
  readonly forMs: number
  readonly isAtLeast: boolean
  /** Until the first claim ends unless it is renewed; null where the engine cannot know. */
  readonly endsInMs: number | null
  /** How long the first waiter has waited, as seen from here; null without one. */
  readonly oldestWaitMs: number | null
  /** Why the line cannot be read. */
  readonly why?: string
}

/** Of a line of readers and writers; no semaphore has so many places. */
const READERS_CAPACITY_MIN = 2 ** 30

export function lineRow({ name, line, why, ages, atMs }: KnownLine): LineRow {
  const nowMs = performance.now()
  const claims = line?.claims ?? []
  const first = claims.find(({ state }) => state === 'held') ?? claims.find(({ state }) => state === 'lingering')
  const [waiter] = claims.filter(({ state }) => state === 'waiting')
  const shown = first ?? waiter
  const age = shown === undefined ? undefined : ages.get(shown.id)
  const waited = waiter === undefined ? undefined : ages.get(waiter.id)
  const endsInMs = shown?.endsInMs
  return {
    name,
    state: shown?.state ?? 'unreadable',
    kind: kindOf(line?.capacity),
    holders: claims.filter(({ state }) => state === 'held').length,
    waiters: claims.filter(({ state }) => state === 'waiting').length,
    owner: shown?.owner ?? '',
    token: shown?.token === undefined ? null : String(shown.token),
    forMs: age === undefined ? 0 : Math.round(nowMs - age.sinceMs),
    isAtLeast: age?.isAtLeast ?? false,
    endsInMs: endsInMs === undefined ? null : Math.max(0, Math.round(endsInMs - (nowMs - atMs))),
    oldestWaitMs: waited === undefined ? null : Math.round(nowMs - waited.sinceMs),
    ...(why === undefined ? {} : { why }),
  }
}

function kindOf(capacity: number | undefined): LineRow['kind'] {
  if (capacity === undefined) return null
  if (capacity === 1) return 'mutex'
  return capacity >= READERS_CAPACITY_MIN ? 'read-write' : 'semaphore'
}
