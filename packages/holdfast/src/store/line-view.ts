/** What an operator sees of a line. */

export interface LineView {
  readonly resource: string
  /** The highest token ever granted here, 0 when unknown. */
  readonly lastToken: bigint
  /** Absent while there are no claims. */
  readonly capacity?: number
  /** Oldest first. */
  readonly claims: readonly ClaimView[]
  /** Tells one state of the line from another: for `observe`. */
  readonly version: string
}

export interface ClaimView {
  /** The first eight characters of the id: enough to tell claims apart, useless to release one. */
  readonly id: string
  readonly state: 'held' | 'waiting' | 'lingering'
  readonly weight: number
  readonly token?: bigint
  /** Until the lease, the waiter's place or the lock-delay ends; absent where the engine cannot know. */
  readonly endsInMs?: number
  readonly owner: string
  readonly note: string
  /** The W3C `traceparent` of the work that claims, where it is traced. */
  readonly trace?: string
}

export interface ResourcePage {
  readonly resources: readonly string[]
  /** Present when there is more. */
  readonly cursor?: string
}
