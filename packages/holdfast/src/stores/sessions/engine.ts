/**
 * What an engine gives that has sessions, and ordered keys that end with them. Single steps, and nothing of the rule: the
 * shared half decides who holds, what to wait for, and what a store answers. (docs/protocols/sessions.md)
 */
import type { Claim, Ref } from '../../store/claim.ts'
import type { Facts } from '../../store/facts.ts'
import type { ResourcePage } from '../../store/line-view.ts'
import type { TokenScaleView } from '../../store/store.ts'
import type { Stamp } from '../../time/clock.ts'

/** The life that claims share. The engine ends it, and all claims in it, no sooner than `askedAt + ttlMs + delayMs`. */
export interface EngineSession {
  /** So long a holder may believe, from `askedAt` on: as granted, which may be more than was asked for. */
  readonly ttlMs: number
  /** So much longer the claims go on counting. */
  readonly delayMs: number
  /** Just before the newest request that the engine answered as a sign of life. */
  readonly askedAt: Stamp
  /** The engine said that it ended, or it was given up here. */
  readonly isDead: boolean
}

/** A claim of this store in its line, by what only the engine understands. */
export interface OwnPlace {
  /** Never used twice in one line. */
  readonly key: string
  /** Rises in the order of the line. */
  readonly token: bigint
}

/** What the rule needs of a claim in line, without its texts. */
export interface LineEntry {
  readonly key: string
  readonly id: string
  readonly weight: number
  readonly capacity: number
  /** Over, and its weight still counts. */
  readonly isLingering: boolean
  /** When lingering ends without a message: the waiter has to look again by itself. @default the engine tells */
  readonly endsInMs?: number
}

export interface WholeEntry extends LineEntry {
  readonly token: bigint
  readonly owner: string
  readonly note: string
  /** For `evict`: the state that was read. */
  readonly version: unknown
}

/** The line as far as it decides about one claim: in order, that claim last. */
export interface LineAhead {
  readonly entries: readonly LineEntry[]
  /** Claims in front of `entries[0]` that were not read: only where capacity and weight are 1, so that any one of them shuts out. */
  readonly unread: number
}

export type PutAnswer =
  | { readonly kind: 'made'; readonly own: OwnPlace; readonly ahead: LineAhead }
  /** The id is in line already: its answer was lost. */
  | { readonly kind: 'found'; readonly own: OwnPlace }
  /** A leave of this id came first. */
  | { readonly kind: 'barred' }
  /** It may not wait and does not fit: nothing was put. */
  | { readonly kind: 'refused'; readonly line: readonly LineEntry[] }

/** What a waiter waits for: that so much of the weight of these claims is gone. */
export interface Blockers {
  readonly weights: ReadonlyMap<string, number>
  readonly enough: number
}

/** `lost`: whether it changed is not known. */
export type WatchChange = 'changed' | 'lost'

export interface Removal {
  /** The weight goes on counting in its place for this long. 0: it is gone at once. */
  readonly keepMs: number
  /** A put of this id may still arrive, and must do nothing then. */
  readonly isBarred: boolean
}

export interface SessionEngine<Session extends EngineSession> {
  readonly facts: Facts
  close(): void | Promise<void>

  /** A new session whose holders may believe at least `ttlMs`, and whose claims last `delayMs` longer. */
  begin(ttlMs: number, delayMs: number): Promise<Session>
  /** The marks that evictions left for claims of this session: `resource/id` and the reason. With `needsSign` it is kept alive: `askedAt` moves, or it is found dead. */
  beat(session: Session, needsSign: boolean): Promise<ReadonlyMap<string, string>>
  /** `atOnce`: its claims end now. Else they end when their time is over, as if the process had died. */
  end(session: Session, atOnce: boolean): Promise<void>

  /** One key at the end of the line; called once at a time for an id. What may not wait leaves no trace, or one that `remove` ends. */
  put(session: Session, claim: Claim): Promise<PutAnswer>
  /**
   * What is ahead of a claim, or `undefined` when the claim is gone. It may be old, but never so old that it misses a
   * claim ahead. `isFresh`: a watch of this session has just told of the change.
   */
  ahead(session: Session, claim: Claim, own: OwnPlace, isFresh: boolean): Promise<LineAhead | undefined>
  /** After an unanswered `put`, or for a claim of another store. Up to date. */
  find(resource: string, id: string): Promise<(OwnPlace & { readonly isLingering: boolean }) | undefined>
  /** Ends exactly this claim; false where it was gone. Without a session and a place it ends what has this id. */
  remove(session: Session | undefined, ref: Ref, own: OwnPlace | undefined, removal: Removal): Promise<boolean>
  /** Replaces the note, and tells observers. False: the claim is gone. */
  note(session: Session, own: OwnPlace, note: string): Promise<boolean>

  /** The line with its texts, up to date, and the version that it has. */
  line(resource: string): Promise<{ readonly entries: readonly WholeEntry[]; readonly version: string }>
  list(prefix: string, cursor: string | undefined, limit: number): Promise<ResourcePage>
  /** Ends the claim, or lets it linger for its lock-delay, and leaves a mark for its session: together, or nothing (false). */
  evict(resource: string, entry: WholeEntry, reason: string): Promise<boolean>
  /** Forgets marks that were read. */
  unmark(session: Session, names: readonly string[]): void

  /** Tells once when enough of the weight is gone, also when it was gone before. Returns what ends it. */
  watchGone(session: Session, resource: string, blockers: Blockers, told: (change: WatchChange) => void): () => void
  /** Tells when it has begun, and at every mark from then on; last of all, once, that it is lost. */
  watchMarks(session: Session, told: (change: WatchChange) => void): () => void
  /** Tells once of another version of the line than `seen`. */
  watchLine(resource: string, seen: string, told: (version: string) => void): () => void

  /** As in the seam. */
  rebase?(to?: bigint): Promise<TokenScaleView>
}
