/** The numbers of the protocol that are no wish of a caller. */
import { PROVISIONAL_RENEW_MS } from '../../store/limits.ts'

/** How far ahead of its own clock a node lets a token be. (docs/protocols/redlock.md#tokens-from-the-servers) */
export const CAP_MS = 5_000

/** How far two clocks may be apart before the quarantine is too short, and what a command may be under way. */
export const SKEW_MS = 1_000

/** Added to every proposal, so that it is not behind the clock of a node when it arrives there. */
export const HEADROOM_US = 3_000

/** How long a node is kept for the waiter that it told: as long as a pushed grant elsewhere is waited for. */
export const KEPT_MS: number = PROVISIONAL_RENEW_MS

/** Above this difference between the clocks of two nodes the facts name it as a danger. */
export const CLOCKS_APART_MS = 250

/** The longest lease if the caller does not say otherwise: it decides how long a node that lost its data must wait. */
export const MAX_TTL_MS_DEFAULT = 60_000

export const NODES_MIN = 3
/** Every attempt asks all of them. */
export const NODES_MAX = 15

/** A waiter looks by itself this often: messages may be lost, and the waiter that was told may be frozen. */
export const LOOK_MS = 3_000

const NODE_MS_MIN = 500
export const NODE_MS_MAX = 1_000
const NODE_TTL_SHARE = 1 / 20
const NODE_TTL_SHARE_MAX = 1 / 3

/**
 * How long an attempt that has no majority yet waits for the rest of the nodes: a small part of the lease, because the
 * lease counts from before the first question; but no shorter than a busy machine needs to answer at all.
 * (docs/protocols/redlock.md#quorum-time-and-drift)
 */
export function nodeLimitMs(ttlMs: number): number {
  return Math.min(Math.max(ttlMs * NODE_TTL_SHARE, NODE_MS_MIN), ttlMs * NODE_TTL_SHARE_MAX, NODE_MS_MAX)
}

/** How much longer than the longest lease a node is quarantined. */
export const ASIDE_MS: number = CAP_MS + 2 * SKEW_MS

/**
 * From the loss of the data of a node until its votes count again: every lease and every token of before is over by then.
 * (docs/protocols/redlock.md#a-node-that-was-restarted)
 */
export function quarantineMs(maxTtlMs: number): number {
  return maxTtlMs + ASIDE_MS
}

/** How often a node writes down that a client was at work that knows no other list of servers. */
export const SOLE_EVERY_MS = 10_000
