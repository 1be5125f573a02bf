/** What a store knows of the claims that entered by it, until they leave or end. */
import type { Claim, Ref } from '../../store/claim.ts'
import type { Held, Queued, Standing } from '../../store/standing.ts'
import type { Blockers, OwnPlace } from './engine.ts'

/** What is remembered of claims that are over: it matters for a moment, so the oldest may go. */
const OVER_MAX = 10_000

export interface SessionClaim<Session> {
  readonly session: Session
  readonly claim: Claim
  own: OwnPlace | undefined
  /** As last answered. */
  standing: Held | Queued | undefined
  /** What it waits for, while it waits. */
  blockers: Blockers | undefined
  /** One put at a time for an id: it is not idempotent on every engine. */
  entering: Promise<Standing> | undefined
  /** A put was not answered: look before putting again. */
  isUnsure: boolean
  /** A watch has told since the last look. */
  isFresh: boolean
  /** When it was last looked at, on the monotonic clock. */
  lookedAtMs: number
  /** A change would be told. */
  isWatched: boolean
}

export class SessionClaims<Session> {
  readonly #byName = new Map<string, SessionClaim<Session>>()
  readonly #left = new Set<string>()
  readonly #reasons = new Map<string, string>()

  get(ref: Ref): SessionClaim<Session> | undefined {
    return this.#byName.get(nameOf(ref))
  }

  /** The one that is known, or a new one of this session. */
  add(claim: Claim, session: Session): SessionClaim<Session> {
    const known = this.get(claim)
    if (known !== undefined) return known
    const local: SessionClaim<Session> = {
      session,
      claim,
      own: undefined,
      standing: undefined,
      blockers: undefined,
      entering: undefined,
      isUnsure: false,
      isFresh: false,
      lookedAtMs: 0,
      isWatched: false,
    }
    this.#byName.set(nameOf(claim), local)
    return local
  }

  holderOf(resource: string, token: bigint): SessionClaim<Session> | undefined {
    for (const local of this.#byName.values()) {
      const isIt = local.claim.resource === resource && local.own?.token === token
      if (isIt && local.standing?.kind === 'held') return local
    }
    return undefined
  }

  delete(ref: Ref): void {
    this.#byName.delete(nameOf(ref))
  }

  /** An enter of this id that is under way must come to nothing. */
  leave(ref: Ref): void {
    this.#left.add(nameOf(ref))
    dropOldest(this.#left)
  }

  hasLeft(ref: Ref): boolean {
    return this.#left.has(nameOf(ref))
  }

  /** It was evicted, which is answered from now on. */
  evicted(ref: Ref, reason: string): void {
    this.#reasons.set(nameOf(ref), reason)
    dropOldest(this.#reasons)
  }

  reasonOf(ref: Ref): string | undefined {
    return this.#reasons.get(nameOf(ref))
  }

  /** Sessions with claims in them. */
  usedSessions(): ReadonlySet<Session> {
    return new Set([...this.#byName.values()].filter(({ own }) => own !== undefined).map(({ session }) => session))
  }
}

/** As marks name a claim: encoded resources and ids have no slash. */
export function nameOf({ resource, id }: Ref): string {
  return `${resource}/${id}`
}

function dropOldest(names: Set<string> | Map<string, string>): void {
  if (names.size <= OVER_MAX) return
  for (const oldest of names.keys()) {
    names.delete(oldest)
    break
  }
}
