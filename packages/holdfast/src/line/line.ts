/**
 * The one rule: a claim **holds** when its weight fits behind the weight of everything ahead of it.
 *
 * What is ahead of a claim only shrinks, so a claim that holds goes on holding: a late or repeated look at a line can
 * delay a grant and never invent one. A line is plain data, so that a store may keep it in memory, in a row or in a
 * record; `transition.ts` has the only functions that change one.
 */

/** A line as an engine keeps it, oldest claim first. Engine times are milliseconds on the clock that judges expiry. */
export interface Line {
  /** The highest token ever granted in this line, 0 before the first. */
  readonly lastToken: bigint
  readonly claims: readonly LineClaim[]
}

/** One claim in a line. The union tells which fields a state has. */
export type LineClaim = WaitingClaim | HeldClaim | LingeringClaim

interface ClaimBase {
  readonly id: string
  readonly weight: number
  readonly capacity: number
  readonly ttlMs: number
  readonly lockDelayMs: number
  readonly note: string
  readonly owner: string
  /** Where the engine tells the claim's process that its situation changed. */
  readonly channel: string
  /** Waiting: the place is dropped. Held: the lease expires. Lingering: the weight stops counting. */
  readonly endsAtMs: number
}

export interface WaitingClaim extends ClaimBase {
  readonly state: 'waiting'
  /**
   * So many waiting claims stand here as one, because the step at hand cannot concern them: a line of thousands stays cheap.
   * Their weights are added up, and `endsAtMs` is the first of their ends. @default 1
   */
  readonly count?: number
}

export interface HeldClaim extends ClaimBase {
  readonly state: 'held'
  readonly token: bigint
  /** Granted by the step of another claim, and not renewed since. */
  readonly provisional: boolean
}

/** Its `lockDelayMs` is how long it lingers, also where a minimum hold is the reason. */
export interface LingeringClaim extends ClaimBase {
  readonly state: 'lingering'
  readonly token: bigint
  /** The words of an eviction. */
  readonly reason?: string
}

export const emptyLine: Line = { lastToken: 0n, claims: [] }

/** The rule itself. */
export function fits(weightAhead: number, weight: number, capacity: number): boolean {
  return weightAhead + weight <= capacity
}

/**
 * Which claims of a line hold, by the rule alone. `transition.ts` keeps this answer in the claims' states;
 * a property test compares the two.
 */
export function holding(claims: readonly Pick<LineClaim, 'weight' | 'capacity'>[]): readonly boolean[] {
  let weightAhead = 0
  return claims.map((claim) => {
    const holds = fits(weightAhead, claim.weight, claim.capacity)
    weightAhead += claim.weight
    return holds
  })
}
