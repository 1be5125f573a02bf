/** One step of asking for a lock: join the attempt that is under way, tell what was granted, or make the next attempt. */
import type { Claim } from '../../store/claim.ts'
import { deadlineOf, remainingMs } from '../../time/deadline.ts'
import { NotApplied, OutcomeUnknown, StoreUnavailable } from '../../store/errors.ts'
import type { Queued, Standing } from '../../store/standing.ts'
import { Attempt, type VoteOutcome } from './attempt.ts'
import type { EngineError } from '../redis-driver/errors.ts'
import { type Ballot, ownerOf, takenMs } from './ballot.ts'
import { type VotedClaim, heldBy } from './claims.ts'
import { CAP_MS, LOOK_MS, nodeLimitMs } from './limits.ts'
import type { RedlockSession } from './open.ts'
import { causesOf, isHopeless, smallest, troubleOf, wordsOf } from './quorum.ts'

/** After an attempt in which the votes were split: half to one and a half of a round trip, doubling up to this. */
const SPLIT_MS_MAX = 50
const SPLIT_MS_MIN = 1
/** Those behind the first in the list look a little later, or all of them would split the votes when a holder dies. */
const BEHIND_MS = 5
const BEHIND_MAX = 40

export function enter(session: RedlockSession, claim: Claim): Promise<Standing> {
  const { claims, keys, clock, list } = session
  list.assertCurrent()
  const entry = claims.expect(keys.record(claim.resource), claim.id)
  if (entry.underWay !== undefined) return entry.underWay.standing
  if (entry.grant !== undefined) {
    const { askedAt, lifeMs } = entry.grant
    const held = heldBy(entry)
    if (held !== undefined && remainingMs(deadlineOf(askedAt, lifeMs), clock) > 0) return Promise.resolve(held)
    claims.end(entry)
    return Promise.resolve({ kind: 'gone' })
  }
  claims.forgetTold(entry)
  const { number, seen, isWaiting: hasWaited } = entry
  const startedMs = clock.monotonicMs()
  const attempt = new Attempt(session, { claim, vote: session.nextVote(claim.id), seen, number, hasWaited })
  entry.number ??= attempt.number
  const { news } = entry
  const standing = attempt.settled.then((outcome) => {
    entry.underWay = undefined
    const tookMs = clock.monotonicMs() - startedMs
    return settled(session, { entry, claim, attempt, news, tookMs }, outcome)
  })
  entry.underWay = { attempt, standing }
  return standing
}

interface VoteStep {
  readonly entry: VotedClaim
  readonly claim: Claim
  readonly attempt: Attempt
  /** What had been told when the attempt began. */
  readonly news: number
  readonly tookMs: number
}

function settled(session: RedlockSession, step: VoteStep, outcome: VoteOutcome): Standing {
  const { entry, claim, attempt, news } = step
  entry.answeredNews = news
  switch (outcome.kind) {
    case 'granted': {
      const { token, askedAt } = outcome
      entry.grant = { vote: attempt.vote, token, askedAt, lifeMs: claim.ttlMs }
      entry.isWaiting = false
      return { kind: 'held', token, askedAt, lifeMs: claim.ttlMs, provisional: false }
    }
    case 'cancelled':
      return { kind: 'gone' }
    case 'late': {
      endUnlessWaiting(session, entry)
      const tookMs = Math.round(outcome.tookMs)
      throw new StoreUnavailable(
        `the nodes are too slow for this lease: a majority took ${tookMs} ms of ${claim.ttlMs} ms. Its votes were given ` +
          'back. Take a longer ttl, or look for what slows the servers or this process down',
      )
    }
    case 'lost':
      return lost(session, step, outcome.ballots)
  }
}

function lost(session: RedlockSession, step: VoteStep, ballots: readonly Ballot[]): Standing {
  const { entry, claim, tookMs } = step
  const { majority, list } = session
  for (const ballot of ballots) if ('token' in ballot && ballot.token > entry.seen) entry.seen = ballot.token
  const answered = ballots.filter(({ kind }) => kind === 'kept' || kind === 'busy' || kind === 'gone').length
  const isBusy = ownerOf(ballots, list.quorum) !== undefined
  // Whoever has a majority of one list is in the way, however many nodes there are beside that list.
  if (answered < majority && !isBusy) {
    endUnlessWaiting(session, entry)
    list.assertCurrent()
    throw noMajority(session, claim, ballots)
  }
  const recheckInMs = freeInMs(ballots, majority)
  if (!claim.queue) {
    session.claims.end(entry)
    if (isBusy) return { kind: 'refused', because: 'busy', recheckInMs }
    throw new NotApplied(
      `the votes are split: ${said(session, claim, ballots)}. All of ours were given back: ask again`,
    )
  }
  const full = ballots.filter((ballot) => ballot.kind === 'busy' && ballot.place === 'full').length
  if (full >= majority) {
    session.claims.end(entry)
    return { kind: 'refused', because: 'full' }
  }
  entry.isWaiting ||= ballots.some((ballot) => ballot.kind === 'busy' && ballot.place !== 'full')
  entry.splits = isBusy ? 0 : entry.splits + 1
  return {
    kind: 'queued',
    recheckInMs: isBusy ? lookInMs(ballots, recheckInMs) : splitMs(entry.splits, tookMs),
  } satisfies Queued
}

/** When a majority of the nodes will be free, by what they said; or those that did not say it are waited for no longer. */
function freeInMs(ballots: readonly Ballot[], majority: number): number {
  const taken = ballots.map(takenMs)
  const inMs = smallest(taken, majority)
  return Number.isFinite(inMs) ? inMs : Math.max(0, ...taken.filter((ms) => Number.isFinite(ms)))
}

/** When a majority of the nodes will be free, by what they said; and sometimes before, because a message may be lost. */
function lookInMs(ballots: readonly Ballot[], recheckInMs: number): number {
  const places = ballots.flatMap((ballot) =>
    ballot.kind === 'busy' && typeof ballot.place === 'number' ? [ballot.place] : [],
  )
  const behind = Math.min(BEHIND_MAX, ...places)
  return Math.min(LOOK_MS, recheckInMs + (places.length > 0 ? behind * BEHIND_MS : 0))
}

function splitMs(splits: number, roundTripMs: number): number {
  const longestMs = Math.min(SPLIT_MS_MAX, Math.max(SPLIT_MS_MIN, roundTripMs) * 2 ** (splits - 1))
  return longestMs * (0.5 + Math.random())
}

/** A claim that was neither granted nor put on a list has nothing here that is worth keeping. */
function endUnlessWaiting(session: RedlockSession, entry: VotedClaim): void {
  if (!entry.isWaiting) session.claims.end(entry)
}

function noMajority(session: RedlockSession, claim: Claim, ballots: readonly Ballot[]): StoreUnavailable {
  const { nodes, majority } = session
  return new StoreUnavailable(
    `no majority: ${majority} of ${nodes.length} nodes are needed, and ${said(session, claim, ballots)}. ` +
      'A lock is granted again as soon as enough of them answer',
    { isFinal: isHopeless(ballots.map(errorOf), majority) },
  )
}

function errorOf(ballot: Ballot): EngineError | undefined {
  return ballot.kind === 'failed' ? ballot.error : undefined
}

function said({ nodes }: RedlockSession, claim: Claim, ballots: readonly Ballot[]): string {
  const limitMs = nodeLimitMs(claim.ttlMs)
  return causesOf(
    nodes,
    ballots.map((ballot) => wordsFor(ballot, limitMs)),
  )
}

function wordsFor(ballot: Ballot, limitMs: number): string | undefined {
  switch (ballot.kind) {
    case 'kept':
      return 'is free'
    case 'busy':
      return 'is busy'
    case 'gone':
      return 'lost its vote'
    case 'quarantined':
      return `is quarantined for ${Math.ceil(ballot.forMs / 1000)} s, because it was restarted, lost its data or is new`
    case 'unlisted':
      return 'is under another list of servers'
    case 'behind':
      return `has a clock that is more than ${CAP_MS / 1000} s behind the others`
    case 'astray':
      return `has a clock or a token that is ${Math.round(ballot.aheadMs / 1000)} s ahead of the others`
    case 'asked':
      return troubleOf(undefined, limitMs)
    case 'failed':
      return `${ballot.error instanceof OutcomeUnknown ? 'is unreachable: ' : ''}${wordsOf(ballot.error)}`
  }
}
