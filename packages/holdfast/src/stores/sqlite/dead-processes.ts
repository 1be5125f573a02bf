/**
 * Claims of processes that were killed. On one machine their end is a fact that can be looked up, so no waiter needs to
 * wait for a lease to run out: a held claim of a dead process ends as if it had expired now, a waiting one is dropped.
 */
import type { Clock } from '../../time/clock.ts'
import type { Line } from '../../line/line.ts'
import type { LineStep } from '../../line/transition.ts'
import { isBundle } from '../records/thin-line.ts'

/** How soon the head looks again while the line ahead belongs to another process: the longest a crash goes unnoticed. */
export const LOOK_AGAIN_MS = 100

export type IsGone = (channel: string) => boolean

/** A process that was alive is believed to be for this long: far less than LOOK_AGAIN_MS, and a hundred waiters ask once. */
const ALIVE_MS = 20
/** Channels of processes that went are not taken out one by one; there are never many live ones. */
const CHANNELS_MAX = 1_000

/** Asks the machine, which costs a system call and a read of /proc, only as often as the answer can matter. */
export function rememberingLife(isGone: IsGone, clock: Clock): IsGone {
  const aliveUntilMs = new Map<string, number>()
  return (channel) => {
    const nowMs = clock.monotonicMs()
    if (nowMs < (aliveUntilMs.get(channel) ?? 0)) return false
    if (aliveUntilMs.size > CHANNELS_MAX) aliveUntilMs.clear()
    const gone = isGone(channel)
    if (!gone) aliveUntilMs.set(channel, nowMs + ALIVE_MS)
    return gone
  }
}

/**
 * The step, on the line without the claims of dead processes. They are looked up only when it matters: the asker does
 * not hold, or another process was handed the lock, which might be dead.
 */
export function stepAmongLiving<Answer>(
  before: Line,
  nowMs: number,
  isGone: IsGone,
  step: (line: Line) => LineStep<Answer>,
): LineStep<Answer> {
  const first = step(before)
  if (!mustKnowWhoLives(first)) return first
  const living = withoutTheDead(before, nowMs, isGone)
  return living === before ? first : step(living)
}

function mustKnowWhoLives<Answer>({ answer, notify: told }: LineStep<Answer>): boolean {
  if (told.some((claim) => claim.state === 'held')) return true
  const kind = typeof answer === 'object' && answer !== null && 'kind' in answer ? answer.kind : undefined
  return kind === 'queued' || kind === 'refused'
}

/**
 * Their claims end now, unless they ended before; the lock-delay of a held one counts from here. Waiters that stand as one
 * are nobody's: who is dead among them goes when they are loaded one by one, which is before they would be granted anything.
 */
function withoutTheDead(line: Line, nowMs: number, isGone: IsGone): Line {
  const claims = line.claims.map((claim) =>
    claim.state !== 'lingering' && !isBundle(claim) && claim.endsAtMs > nowMs && isGone(claim.channel)
      ? { ...claim, endsAtMs: nowMs }
      : claim,
  )
  return claims.every((claim, index) => claim === line.claims[index]) ? line : { ...line, claims }
}

/**
 * Whether a waiting claim has to look for crashes. The head does, while another process is ahead of it. So does a claim
 * that would be the head if the processes that hold were gone: a process that holds and waits dies with both claims. The
 * first waiter of any other process is always loaded, so waiters that stand as one ahead of it are those of the holders.
 */
export function looksForCrashes(line: Line, id: string, isOther: (channel: string) => boolean): boolean {
  const index = line.claims.findIndex((claim) => claim.id === id)
  const ahead = line.claims.slice(0, Math.max(0, index))
  const holders = new Set<string>()
  for (const claim of ahead) if (claim.state === 'held' && isOther(claim.channel)) holders.add(claim.channel)
  return holders.size > 0 && ahead.every((one) => one.state !== 'waiting' || isBundle(one) || holders.has(one.channel))
}
