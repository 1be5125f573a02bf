/** What a replay tells its processes, and what they answer. */
import type { Failpoint } from '../traffic/order.ts'

/** The one lock that all processes of a replay contend for. */
export const NAMESPACE = 'replay'
export const SEAT = 'seat'

export type Step =
  | { readonly do: 'acquire'; readonly waitMs: number }
  | { readonly do: 'arm'; readonly point: Failpoint }
  | { readonly do: 'enter' | 'read' | 'write' | 'is-held' | 'release' | 'end' }

export interface Answer {
  readonly ok: boolean
  /** What came out, or the code of the error. */
  readonly text: string
}
