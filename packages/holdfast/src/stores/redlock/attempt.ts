/**
 * One attempt at a lock: one vote of each node, asked for once. It is settled by the first majority, or when a majority
 * cannot be had; then what it got is given back on every node where it may have got something.
 */
import { marginMs } from '../../time/deadline.ts'
import type { Claim } from '../../store/claim.ts'
import { type Clock, type Stamp, stampOf } from '../../time/clock.ts'
import { OutcomeUnknown } from '../../store/errors.ts'
import { engineError } from '../redis-driver/errors.ts'
import { type Ballot, verdictOf } from './ballot.ts'
import { CAP_MS, HEADROOM_US, nodeLimitMs } from './limits.ts'
import type { SessionList } from './session-list.ts'
import type { RedisNode } from './node.ts'
import type { RedlockKeys } from './keys.ts'
import type { Timers } from '../../time/timer-queue.ts'
import { afterAnswers } from './quorum.ts'
import { scripts } from './scripts.ts'
import { usOf, type Vote, voteOf } from './wire.ts'

/** What an attempt needs of the session it belongs to. */
export interface Electorate {
  readonly nodes: readonly RedisNode[]
  /** How many of them make a grant. */
  readonly majority: number
  readonly clock: Clock
  readonly alarms: Timers
  readonly keys: RedlockKeys
  /** Where the scripts of others tell this store about its claims. */
  readonly channel: string
  /** The list of servers. */
  readonly list: SessionList
}

export type VoteOutcome =
  | { readonly kind: 'granted'; readonly token: bigint; readonly askedAt: Stamp }
  /** A majority was there, and too little of the lease with it. */
  | { readonly kind: 'late'; readonly tookMs: number }
  | { readonly kind: 'lost'; readonly ballots: readonly Ballot[] }
  /** The claim was left meanwhile. */
  | { readonly kind: 'cancelled' }

export interface Request {
  readonly claim: Claim
  readonly vote: string
  /** The highest token that this claim has heard of. */
  readonly seen: bigint
  /** In the order of waiters; the first attempt of a claim makes it. */
  readonly number: number | undefined
  /** An earlier attempt may have put it on the list of waiters. */
  readonly hasWaited: boolean
}

/** When the votes took more of the lease than this, what is left is not worth having: a renewal might come too late. */
const USABLE_SHARE = 2 / 3

export class Attempt {
  readonly settled: Promise<VoteOutcome>
  readonly vote: string
  /** When the claim first asked, by the clock of the middle node in µs: the order of waiters, nearly the same for all clients. */
  readonly number: number
  readonly #session: Electorate
  readonly #request: Request
  readonly #limitMs: number
  readonly #askedAt: Stamp
  readonly #proposalUs: number
  readonly #ballots: Ballot[]
  /** Nodes that keep a vote of this attempt, whatever they answered to a raise of it. */
  readonly #voted = new Set<RedisNode>()
  readonly #resolve: (outcome: VoteOutcome) => void
  #alarm: { cancel(): void } | undefined
  #outcome: VoteOutcome | undefined

  constructor(session: Electorate, request: Request) {
    this.#session = session
    this.#request = request
    this.vote = request.vote
    this.#limitMs = nodeLimitMs(request.claim.ttlMs)
    const { promise, resolve } = Promise.withResolvers<VoteOutcome>()
    this.settled = promise
    this.#resolve = resolve
    this.#askedAt = stampOf(session.clock)
    this.#proposalUs = proposalUs(session, this.#askedAt, request.seen)
    this.number = request.number ?? Math.round(commonUs(session))
    this.#ballots = session.nodes.map((): Ballot => ({ kind: 'asked' }))
    this.#patience()
    session.nodes.forEach((node, index) => void this.#ask(node, index))
  }

  /** Ends the attempt without a grant, if it is not settled yet. */
  cancel(): void {
    this.#settle({ kind: 'cancelled' })
  }

  async #ask(node: RedisNode, index: number): Promise<void> {
    const { keys } = this.#session
    const all = [...keys.all(this.#request.claim.resource), keys.marker]
    await this.#hear(node, index, () => node.runOnce(scripts.accept, all, this.#words(node)))
  }

  async #raise(index: number, token: bigint): Promise<void> {
    const node = this.#session.nodes[index]
    const before = this.#ballots[index]
    if (node === undefined || before?.kind !== 'kept') return
    this.#ballots[index] = { ...before, raisingTo: token }
    const { keys } = this.#session
    const both = [keys.record(this.#request.claim.resource), keys.marker]
    await this.#hear(node, index, () => node.run(scripts.raise, both, [this.vote, String(token)]))
  }

  async #hear(node: RedisNode, index: number, ask: () => Promise<unknown>): Promise<void> {
    const askedAtMs = this.#session.clock.monotonicMs()
    try {
      const vote = voteOf(await ask())
      node.noteClock(askedAtMs, vote.nowUs)
      if (vote.kind === 'kept') this.#voted.add(node)
      if (vote.kind === 'unlisted') this.#session.list.note(vote.list, vote.generation)
      this.#ballots[index] = this.#ballotOf(vote, this.#ballots[index])
    } catch (error) {
      this.#ballots[index] = { kind: 'failed', error: engineError(error, 'accept') }
    }
    if (this.#outcome === undefined) this.#look(false)
    else this.#afterwards(node, index)
  }

  /** A clock that was set far ahead, or once was: the others would refuse to raise their votes to it. */
  #ballotOf(vote: Vote, before: Ballot | undefined): Ballot {
    if (vote.kind !== 'kept') return vote
    const { token } = vote
    const aheadMs = (Number(token) - commonUs(this.#session)) / 1000
    if (aheadMs > CAP_MS) return { kind: 'astray', aheadMs }
    // The answer to a raise may be overtaken by the wish for a higher one, which is still under way.
    const raisingTo = before?.kind === 'kept' ? (before.raisingTo ?? 0n) : 0n
    return raisingTo > token ? { kind: 'kept', token, raisingTo } : { kind: 'kept', token }
  }

  /** Looks whether it is decided. With `isOver` no node is waited for any more. */
  #look(isOver: boolean): void {
    const verdict = verdictOf(this.#ballots, this.#session.list.quorum)
    if (verdict.kind === 'granted') {
      const tookMs = this.#session.clock.monotonicMs() - this.#askedAt.monotonicMs
      const { ttlMs } = this.#request.claim
      if (tookMs + marginMs(ttlMs) > ttlMs * USABLE_SHARE) this.#settle({ kind: 'late', tookMs })
      else this.#settle({ kind: 'granted', token: verdict.token, askedAt: this.#askedAt })
    } else if (verdict.kind === 'lost' || isOver) {
      this.#settle({ kind: 'lost', ballots: [...this.#ballots] })
    } else if (verdict.kind === 'raise') {
      // At most once for each node: only a vote that is heard for the first time can be the highest, or below it.
      this.#patience()
      for (const index of verdict.nodes) void this.#raise(index, verdict.token)
    }
  }

  #settle(outcome: VoteOutcome): void {
    if (this.#outcome !== undefined) return
    this.#outcome = outcome
    this.#alarm?.cancel()
    this.#session.nodes.forEach((node, index) => this.#afterwards(node, index))
    this.#resolve(outcome)
  }

  /**
   * What is still to be done on a node once the attempt is settled, and again when a late answer comes. A vote of a
   * grant is raised to its token, so that everybody who sees a majority sees the token; one of a failed attempt is given
   * back at once, also where its answer has not come: on that connection the release follows the question.
   */
  #afterwards(node: RedisNode, index: number): void {
    const ballot = this.#ballots[index]
    if (this.#outcome?.kind === 'granted') {
      const { token } = this.#outcome
      if (ballot?.kind === 'kept' && ballot.token < token && ballot.raisingTo === undefined)
        void this.#raise(index, token)
      return
    }
    if (ballot === undefined || (hasSurelyNothing(ballot) && !this.#voted.has(node))) return
    const keys = this.#session.keys.all(this.#request.claim.resource)
    node.run(scripts.release, keys, [this.vote, '0', '0', '']).catch(() => undefined)
  }

  /** Whatever comes after a limit that was set anew is no end. */
  #patience(): void {
    const { alarms, clock } = this.#session
    this.#alarm?.cancel()
    const patience = { cancel: (): void => alarms.cancel(appointment) }
    const end = (): void => {
      if (this.#alarm === patience && this.#outcome === undefined) this.#look(true)
    }
    const appointment = alarms.addIn(() => afterAnswers(clock, end), this.#limitMs)
    this.#alarm = patience
  }

  /** In the order of `accept.lua`. */
  #words(node: RedisNode): readonly string[] {
    const { claim, vote, hasWaited } = this.#request
    const { channel, list } = this.#session
    return [
      vote,
      String(this.#proposalUs),
      usOf(claim.ttlMs),
      usOf(claim.lockDelayMs),
      claim.queue ? '1' : '0',
      String(this.number),
      channel,
      claim.owner,
      claim.note,
      String(list.keptOutMs),
      hasWaited ? '1' : '0',
      node.keepsAll ? '1' : '0',
      ...list.words,
    ]
  }
}

/** It refused, or was not even asked: nothing came of that question. */
function hasSurelyNothing(ballot: Ballot): boolean {
  if (ballot.kind === 'failed') return !(ballot.error instanceof OutcomeUnknown)
  return ballot.kind !== 'asked' && ballot.kind !== 'kept' && ballot.kind !== 'astray'
}

/**
 * Ahead of every node's clock when it arrives, and of every token that was seen: then all of them vote for it, and one
 * round is enough. The wall clock of this machine has no part in it, unless no node has told its own yet.
 */
function proposalUs({ nodes, clock }: Electorate, askedAt: Stamp, seen: bigint): number {
  const nowUs = askedAt.monotonicMs * 1000
  const common = commonOf(nodes)
  const near = nodes.flatMap(({ latelyAheadUs: ahead }) =>
    ahead !== undefined && common !== undefined && ahead - common < CAP_MS * 1000 ? [ahead] : [],
  )
  const clockUs = near.length > 0 ? Math.max(...near) + nowUs : clock.wallMs() * 1000
  return Math.max(Math.ceil(clockUs) + HEADROOM_US, Number(seen) + 1)
}

/** What the clock of the middle node shows now. */
function commonUs({ nodes, clock }: Electorate): number {
  const common = commonOf(nodes)
  return common === undefined ? clock.wallMs() * 1000 : common + clock.monotonicMs() * 1000
}

function commonOf(nodes: readonly RedisNode[]): number | undefined {
  const known = nodes.flatMap(({ aheadUs }) => (aheadUs === undefined ? [] : [(aheadUs.low + aheadUs.high) / 2]))
  return known.toSorted((one, other) => one - other)[Math.floor((known.length - 1) / 2)]
}
