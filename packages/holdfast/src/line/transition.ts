/**
 * How a line changes: pure functions from a line, one request and a moment to the next line, the answer, and whom to
 * tell. Every scripted engine is tested against these with the same random operations; memory and SQLite run them.
 */
import type { Claim, Ref } from '../store/claim.ts'
import { fits, type HeldClaim, type Line, type LineClaim, type LingeringClaim, type WaitingClaim } from './line.ts'
import { PROVISIONAL_LIFE_MS, QUEUE_LENGTH_MAX, WAITER_LIFE_MS } from '../store/limits.ts'

/** The engine's clocks, read after the line was locked. */
export interface Moment {
  /** The clock that judges expiry. */
  readonly nowMs: number
  /** Ends were counted by this process from its own first sight, with an allowance: there is no clock that could be set back. */
  readonly isObserved?: boolean
  /** The scale on which tokens live: the wall clock in µs, under the roof of token-scale.ts. */
  readonly tokenScaleUs: bigint
}

export interface LineStep<Answer> {
  /** The same object as before when nothing changed. */
  readonly line: Line
  readonly answer: Answer
  /** Claims whose situation this step changed, other than the asker's: tell their processes. */
  readonly notify: readonly LineClaim[]
}

/** Where a claim stands, in the engine's own terms; the store adds the stamp. */
export type ClaimState =
  | { readonly kind: 'held'; readonly token: bigint; readonly lifeMs: number; readonly provisional: boolean }
  | { readonly kind: 'queued'; readonly ahead: number; readonly recheckInMs?: number; readonly lifeMs: number }
  | {
      readonly kind: 'refused'
      readonly because: 'busy' | 'capacity' | 'full'
      readonly capacity?: number
      readonly recheckInMs?: number
    }
  | { readonly kind: 'gone'; readonly reason?: string }

const FRESH_SHARE = 2 / 3
/** The channel of a claim that was handed over: no process listens there, and none is found dead. */
const NO_PROCESS = 'handed-over'

export function enterLine(before: Line, claim: Claim, channel: string, now: Moment): LineStep<ClaimState> {
  const swept = sweep(before, now)
  const known = swept.claims.find((other) => other.id === claim.id)
  if (known !== undefined) {
    const line = known.state === 'waiting' ? replace(swept, keepWaiting(known, now)) : swept
    return finish(before, grant(line, now), claim.id, now)
  }
  const granted = grant(swept, now)
  const refusal = refusalOf(granted, claim, now)
  if (refusal !== undefined) return { line: granted, answer: refusal, notify: changes(before, granted, claim.id) }
  const entered: LineClaim = {
    id: claim.id,
    weight: claim.weight,
    capacity: claim.capacity,
    ttlMs: claim.ttlMs,
    lockDelayMs: claim.lockDelayMs,
    note: claim.note,
    owner: claim.owner,
    channel,
    ...(fits(weightOf(granted.claims), claim.weight, claim.capacity)
      ? {
          state: 'held',
          token: nextToken(granted.lastToken, now),
          provisional: false,
          endsAtMs: now.nowMs + claim.ttlMs,
        }
      : { state: 'waiting', endsAtMs: now.nowMs + waiterLifeMs(claim.ttlMs) }),
  }
  const line: Line = {
    lastToken: entered.state === 'held' ? entered.token : granted.lastToken,
    claims: [...granted.claims, entered],
  }
  return finish(before, line, claim.id, now)
}

export function renewInLine(
  before: Line,
  ref: Ref,
  ttlMs: number,
  note: string | undefined,
  now: Moment,
  outlives = false,
): LineStep<ClaimState> {
  const swept = sweep(before, now)
  const known = find(swept, ref)
  if (known === undefined || known.state === 'lingering') {
    const line = grant(swept, now)
    return { line, answer: claimStateOf(line, ref.id, now, ref.token), notify: changes(before, line, ref.id) }
  }
  const noted = note === undefined ? known : { ...known, note }
  const owned = outlives ? { ...noted, channel: NO_PROCESS } : noted
  const kept =
    owned.state === 'waiting'
      ? keepWaiting(owned, now)
      : { ...owned, ttlMs, provisional: false, endsAtMs: now.nowMs + ttlMs }
  return finish(before, grant(replace(swept, kept), now), ref.id, now)
}

export function leaveLine(before: Line, ref: Ref, keepMs: number, now: Moment): LineStep<'left' | 'gone'> {
  const swept = sweep(before, now)
  const known = find(swept, ref)
  const left = known !== undefined && known.state !== 'lingering'
  const after = !left
    ? swept
    : known.state === 'held' && keepMs > 0
      ? replace(swept, linger({ ...known, lockDelayMs: keepMs }, known.weight, now.nowMs + keepMs))
      : without(swept, ref.id)
  const line = grant(after, now)
  return { line, answer: left ? 'left' : 'gone', notify: changes(before, line, ref.id) }
}

export function evictFromLine(before: Line, token: bigint, reason: string, now: Moment): LineStep<'evicted' | 'gone'> {
  const swept = sweep(before, now)
  const known = swept.claims.find((claim) => claim.state === 'held' && claim.token === token)
  const line = grant(known?.state === 'held' ? replace(swept, evicted(known, reason, now)) : swept, now)
  const notify = changes(before, line, undefined)
  return known === undefined
    ? { line, answer: 'gone', notify }
    : { line, answer: 'evicted', notify: [...notify, known] }
}

/**
 * Where a claim stands at a moment, without changing the line: for a watcher that looks. With a token it is the claim
 * that got this token: a late duplicate of its first ask may live under the same id with another one.
 */
export function claimStateOf(line: Line, id: string, now: Moment, token?: bigint): ClaimState {
  const index = line.claims.findIndex((claim) => claim.id === id)
  const claim = line.claims[index]
  if (claim === undefined) return { kind: 'gone' }
  if (token !== undefined && (claim.state === 'waiting' || claim.token !== token)) return { kind: 'gone' }
  if (claim.state === 'lingering') {
    return claim.reason === undefined ? { kind: 'gone' } : { kind: 'gone', reason: claim.reason }
  }
  const lifeMs = endOf(claim, now) - now.nowMs
  if (lifeMs <= 0) return { kind: 'gone' }
  if (claim.state === 'held') return { kind: 'held', token: claim.token, lifeMs, provisional: claim.provisional }
  const ahead = line.claims.slice(0, index)
  const waitersAhead = waitersIn(ahead)
  const queued = { kind: 'queued', ahead: waitersAhead, lifeMs } as const
  return waitersAhead > 0 ? queued : { ...queued, recheckInMs: recheckInMs(ahead, now) }
}

/** A line without claims may be forgotten, once its last token is kept elsewhere. */
export function isIdle(line: Line): boolean {
  return line.claims.length === 0
}

/**
 * Removes what has ended, and cuts what cannot be left: the engine's clock was set back, or the machine was started anew.
 * An expired lease with a lock-delay lingers. Nothing is handed over.
 */
export function sweep(line: Line, now: Moment): Line {
  if (line.claims.every((claim) => claim.endsAtMs > now.nowMs && claim.endsAtMs === endOf(claim, now))) return line
  const claims = line.claims.flatMap((claim): LineClaim[] => {
    const endsAtMs = endOf(claim, now)
    if (endsAtMs > now.nowMs) return [endsAtMs === claim.endsAtMs ? claim : { ...claim, endsAtMs }]
    if (claim.state !== 'held') return []
    const untilMs = claim.endsAtMs + claim.lockDelayMs
    return untilMs > now.nowMs ? [linger(claim, claim.weight, untilMs)] : []
  })
  return { ...line, claims }
}

/** Hands the resource to every waiting claim that fits by now, in line order, each with the next token. */
function grant(line: Line, now: Moment): Line {
  let weightAhead = 0
  let lastToken = line.lastToken
  let changed = false
  const claims = line.claims.map((claim): LineClaim => {
    const holds = fits(weightAhead, claim.weight, claim.capacity)
    weightAhead += claim.weight
    if (claim.state !== 'waiting' || !holds) return claim
    changed = true
    lastToken = nextToken(lastToken, now)
    const endsAtMs = now.nowMs + Math.min(claim.ttlMs, PROVISIONAL_LIFE_MS)
    return { ...claim, state: 'held', token: lastToken, provisional: true, endsAtMs }
  })
  return changed ? { lastToken, claims } : line
}

/** `max(last + 1, now)`: rises by the counter while the line is known, and by the clock when it was lost. (docs/protocols/line.md) */
export function nextToken(lastToken: bigint, now: Moment): bigint {
  return lastToken >= now.tokenScaleUs ? lastToken + 1n : now.tokenScaleUs
}

function refusalOf(line: Line, claim: Claim, now: Moment): ClaimState | undefined {
  const counted = line.claims.find((other) => other.state !== 'lingering' || other.weight > 0)
  if (counted !== undefined && counted.capacity !== claim.capacity) {
    return { kind: 'refused', because: 'capacity', capacity: counted.capacity }
  }
  if (fits(weightOf(line.claims), claim.weight, claim.capacity)) return undefined
  if (!claim.queue) return { kind: 'refused', because: 'busy', recheckInMs: recheckInMs(line.claims, now) }
  return waitersIn(line.claims) >= QUEUE_LENGTH_MAX ? { kind: 'refused', because: 'full' } : undefined
}

function evicted(claim: HeldClaim, reason: string, now: Moment): LingeringClaim {
  // Without a lock-delay it stays weightless until its lease would have ended, so that the holder can still learn why.
  return claim.lockDelayMs > 0
    ? { ...linger(claim, claim.weight, now.nowMs + claim.lockDelayMs), reason }
    : { ...linger(claim, 0, claim.endsAtMs), reason }
}

/**
 * When a claim ends, seen from a moment. Its life never began later than now, so no more than a whole life can be left
 * of it, whatever its record says: a clock that was set back must not keep a dead lock.
 */
function endOf(claim: LineClaim, now: Moment): number {
  return now.isObserved === true ? claim.endsAtMs : Math.min(claim.endsAtMs, now.nowMs + longestLifeMs(claim))
}

/** Of the claim in its present state. */
function longestLifeMs(claim: LineClaim): number {
  if (claim.state === 'held') return claim.ttlMs
  // Of several that stand as one, each has a ttl of its own.
  if (claim.state === 'waiting') return claim.count === undefined ? waiterLifeMs(claim.ttlMs) : WAITER_LIFE_MS
  // Without weight it stays for its holder to learn why, until its lease would have ended.
  return claim.weight === 0 ? Math.max(claim.ttlMs, claim.lockDelayMs) : claim.lockDelayMs
}

function linger(claim: HeldClaim, weight: number, endsAtMs: number): LingeringClaim {
  const { provisional: _, ...rest } = claim
  return { ...rest, state: 'lingering', weight, endsAtMs }
}

/** Nothing changes while most of the place's life is left, so that a waiter that only looks costs no write. */
function keepWaiting(claim: WaitingClaim, now: Moment): WaitingClaim {
  if (claim.endsAtMs - now.nowMs > waiterLifeMs(claim.ttlMs) * FRESH_SHARE) return claim
  return { ...claim, endsAtMs: now.nowMs + waiterLifeMs(claim.ttlMs) }
}

/** A waiter is kept alive as long as its lease would be, within bounds: it must outlive a stall, and a dead one must go. */
function waiterLifeMs(ttlMs: number): number {
  return Math.min(Math.max(ttlMs, PROVISIONAL_LIFE_MS), WAITER_LIFE_MS)
}

function finish(before: Line, line: Line, askerId: string, now: Moment): LineStep<ClaimState> {
  return { line, answer: claimStateOf(line, askerId, now), notify: changes(before, line, askerId) }
}

/** Claims that were granted, or became the head, by this step. */
function changes(before: Line, after: Line, askerId: string | undefined): readonly LineClaim[] {
  if (before.claims.length === 0 || before === after) return []
  const headBefore = before.claims.find((claim) => claim.state === 'waiting')
  if (headBefore === undefined) return []
  const waitedBefore = new Set<string>()
  for (const claim of before.claims) if (claim.state === 'waiting') waitedBefore.add(claim.id)
  const headAfter = after.claims.find((claim) => claim.state === 'waiting')
  return after.claims.filter(
    (claim) =>
      claim.id !== askerId &&
      waitedBefore.has(claim.id) &&
      (claim.state === 'held' || (claim === headAfter && headAfter.id !== headBefore.id)),
  )
}

function find(line: Line, ref: Ref): LineClaim | undefined {
  const known = line.claims.find((claim) => claim.id === ref.id)
  if (known === undefined || ref.token === undefined) return known
  return known.state !== 'waiting' && known.token === ref.token ? known : undefined
}

function replace(line: Line, claim: LineClaim): Line {
  if (line.claims.includes(claim)) return line
  return { ...line, claims: line.claims.map((other) => (other.id === claim.id ? claim : other)) }
}

function without(line: Line, id: string): Line {
  return { ...line, claims: line.claims.filter((claim) => claim.id !== id) }
}

function weightOf(claims: readonly LineClaim[]): number {
  return claims.reduce((sum, claim) => sum + claim.weight, 0)
}

function waitersIn(claims: readonly LineClaim[]): number {
  return claims.reduce((sum, claim) => (claim.state === 'waiting' ? sum + (claim.count ?? 1) : sum), 0)
}

/** When the first of these claims stops counting. */
function recheckInMs(ahead: readonly LineClaim[], now: Moment): number {
  let untilMs = Number.POSITIVE_INFINITY
  for (const claim of ahead) {
    if (claim.weight === 0) continue
    untilMs = Math.min(untilMs, endOf(claim, now) + (claim.state === 'held' ? claim.lockDelayMs : 0))
  }
  return Math.max(0, untilMs - now.nowMs)
}
