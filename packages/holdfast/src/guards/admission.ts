/**
 * What every guard asks before it touches its resource: is this a lock that can be fenced at all, is it known to be
 * lost, is its token believable. Comparing the token with the mark is then the resource's own work.
 */
import { type Clock, systemClock } from '../time/clock.ts'
import { type Duration, durationMs, formatMs } from '../time/duration.ts'
import { Misuse, StaleToken, Unsupported } from '../store/errors.ts'
import type { Fenced } from '../lease/lease.ts'
import { TOKEN_AHEAD_MS_DEFAULT, TOKEN_AHEAD_MS_MAX } from '../store/limits.ts'
import { resourceOf } from '../store/names.ts'
import { fencingToken, lockMode } from '../lease/sequencer.ts'
import { ClockWitness, dateOf, msOf } from './clock-witness.ts'
import type { GuardName } from '../lease/guard-events.ts'
import { publishAsked, publishRefusal } from './channels.ts'

/** What all guards can be told. */
export interface GuardOptions {
  /**
   * How far ahead of this machine's wall clock a token may be (tokens count microseconds since 1970). Without a bound
   * one forged token would shut everybody out for ever. 0 – 8760h. @default '24h'
   */
  readonly maxAhead?: Duration
  /** Where time comes from. For tests. @default the system's clocks */
  readonly clock?: Clock
}

/** A holder that may be compared with the mark. */
export interface Admission {
  /** Namespace and name, encoded: the key of the mark. */
  readonly resource: string
  readonly token: bigint
  /** An exclusive holder raises the mark; a shared one is only compared with it. */
  readonly raises: boolean
  /** The refusal, when the resource turns out to have seen a newer token: published as an event, so make it only to throw it. */
  stale(needed: bigint): StaleToken
}

/**
 * Validates the options once and gives the check that runs before each use.
 *
 * The check throws `LeaseLost` for a lease that is known to be lost, `Unsupported` for a permit, and `Misuse` for
 * anything that is no lock, was not accepted, or has an unbelievable token.
 */
export function admissions(options: GuardOptions, guard: GuardName): (holder: Fenced) => Admission {
  const clock = options.clock ?? systemClock
  const aheadMs = durationMs('maxAhead', options.maxAhead ?? TOKEN_AHEAD_MS_DEFAULT, {
    minMs: 0,
    maxMs: TOKEN_AHEAD_MS_MAX,
  })
  const witness = new ClockWitness(clock)
  return (holder) => {
    assertHolder(holder)
    const resource = resourceOf(holder.namespace, holder.name)
    const mode = lockMode(holder.mode)
    if (mode === 'permit') throw permitRefused(holder)
    holder.assertHeld()
    const token = fencingToken(holder.token)
    const wallMs = clock.wallMs()
    const highest = BigInt(Math.ceil(wallMs) + aheadMs) * 1000n
    if (token > highest) throw tooFarAhead(holder, { token, wallMs, aheadMs, verdict: witness.verdictOn(token) })
    witness.admitted(token, wallMs)
    publishAsked(guard, holder)
    const stale = (needed: bigint): StaleToken => {
      publishRefusal(guard, holder, needed)
      return refusal(holder.name, token, needed)
    }
    return { resource, token, raises: mode === 'exclusive', stale }
  }
}

/**
 * Whether it raises a mark, and whose, is what a holder is; in a text that its sender could change it is only what the
 * sender says. Data that came in as text has no method, so it cannot pass for a lease or an accepted sequencer.
 */
export function assertHolder(holder: unknown): asserts holder is Fenced {
  if (typeof holder === 'object' && holder !== null) {
    if ('leases' in holder) throw new Misuse('a guard takes one lease: a set has one for each name, in set.leases')
    if ('assertHeld' in holder && typeof holder.assertHeld === 'function') return
  }
  throw new Misuse(
    'a guard takes a lease, or a sequencer that was accepted: acceptSequencer(text, { namespace, name, mode }) says ' +
      'which lock, and which mode, the request may be of',
  )
}

function permitRefused(fenced: Fenced): Unsupported {
  return new Unsupported(
    `${fenced.name}: a permit cannot be fenced. A semaphore has several holders at once, and the newest token would ` +
      'shut out the others although they hold rightly. For a single place take the lock itself instead of a semaphore.',
    { resource: fenced.name },
  )
}

interface FarAhead {
  readonly token: bigint
  readonly wallMs: number
  readonly aheadMs: number
  readonly verdict: string
}

function tooFarAhead({ name }: Fenced, { token, wallMs, aheadMs, verdict }: FarAhead): Misuse {
  return new Misuse(
    `${name}: token ${token} is of ${dateOf(msOf(token))}, more than ${formatMs(aheadMs)} (maxAhead) ahead of this machine's ` +
      `clock, which shows ${dateOf(wallMs)}. ${verdict} Set the wrong clock right. Tokens that were made by it stay ahead ` +
      'until the store is rebased (holdfast rebase), or admitted by a larger maxAhead.',
    { resource: name },
  )
}

function refusal(name: string, held: bigint, needed: bigint): StaleToken {
  return new StaleToken(
    `${name}: token ${held} is stale, the resource has seen ${needed}. Somebody else got the lock since. Nothing was ` +
      'written; take the lock again and start over from a new read.',
    { resource: name, held, needed },
  )
}
