/** What a replay tells its processes, and what they answer. */
import type { Failpoint } from '../traffic/order.ts'

/** The one lock that all processes of a replay contend for. */
export const NAMESPACE = 'replay'
export const SEAT = 'seat'

export type Step =
  | { readonly do: 'acquire'; readonly waitMs: number }
  | { readonly do: 'arm'; readonly point: Failpoint }
  /** So many acquisitions at once; each gives back as soon as it holds. Answers how many held. */
  | { readonly do: 'crowd'; readonly of: number; readonly waitMs: number }
  | { readonly do: 'enter' | 'read' | 'write' | 'is-held' | 'release' | 'end' }

export interface Answer {
  readonly ok: boolean
  /** What came out, or the code of the error. */
  readonly text: string
}
