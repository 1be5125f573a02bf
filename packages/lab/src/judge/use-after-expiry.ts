/** U: no client gets a lease that has ended, and every guarded call was sent while the sender's lease was valid by its own clock. Without this check a client that never looks at its clock goes unnoticed. */
import { Pauses } from './pauses.ts'
import { DEAD_ON_ARRIVAL, type Hold, milliseconds, type Moment, type Operation, type Record } from './record.ts'
import { countWhile } from './spans.ts'
import type { Violation } from './violation.ts'

const GUARDED = new Set(['enter', 'read', 'write'])

export function checkUseAfterExpiry({ operations, holds, moments }: Record): Violation[] {
  const known = new Map(holds.map((hold) => [`${hold.k} ${hold.token}`, hold]))
  const deadOnArrival = holds
    .filter(({ lives: [grant], fromNs }) => grant.untilNs <= fromNs)
    .map(({ p, k, token, fromNs }): Violation => {
      return { property: 'U', p, k, atNs: fromNs, text: `token ${token} was handed out after its lease had ended` }
    })
  const late = operations.flatMap(({ p, f, k, callNs, in: detail }): Violation[] => {
    if (!GUARDED.has(f)) return []
    const hold = known.get(`${k} ${String(detail['token'])}`)
    if (hold === undefined) return []
    const endNs = believedUntil(hold, callNs)
    if (callNs <= endNs) return []
    const text = `a ${f} with token ${String(detail['token'])} was sent ${milliseconds(callNs - endNs)} after the lease had ended`
    return [{ property: 'U', p, k, atNs: callNs, text }]
  })
  return [...deadOnArrival, ...late, ...deadWithoutStop(operations, moments)]
}

/** What the holder knew at that moment: a renewal that was heard of later does not make the call right. */
function believedUntil({ lives }: Hold, atNs: number): number {
  const [grant] = lives
  return lives[countWhile(lives, ({ fromNs }) => fromNs <= atNs) - 1]?.untilNs ?? grant.untilNs
}

/**
 * A lease that says of itself that it is over when it is handed out: only a process that was stopped meanwhile can get
 * one, or one that a busy machine did not run.
 */
function deadWithoutStop(operations: readonly Operation[], moments: readonly Moment[]): Violation[] {
  const pauses = new Pauses(moments)
  return operations
    .filter(({ code, p, callNs, endNs }) => code === DEAD_ON_ARRIVAL && !pauses.disturbed(p, callNs, endNs))
    .map(({ p, k, endNs }) => ({
      property: 'U',
      p,
      k,
      atNs: endNs,
      text: 'a lease was handed out that was over, and nothing had stopped the process',
    }))
}
