/** U: nobody is handed a lease that has ended, and every guarded call was sent while the sender's lease was valid by his own clock. Without this check a client that never looks at its clock goes unnoticed. */
import { DEAD_ON_ARRIVAL, milliseconds, type Moment, type Operation, type Record, STALLED } from './record.ts'
import type { Violation } from './violation.ts'

const GUARDED = new Set(['enter', 'read', 'write'])

export function checkUseAfterExpiry({ operations, holds, moments }: Record): Violation[] {
  const ends = new Map(holds.map((hold) => [`${hold.k} ${hold.token}`, hold.validUntilNs]))
  const deadOnArrival = holds
    .filter((hold) => hold.validUntilNs <= hold.fromNs)
    .map(({ p, k, token, fromNs }): Violation => {
      return { property: 'U', p, k, atNs: fromNs, text: `token ${token} was handed out after its lease had ended` }
    })
  const late = operations.flatMap(({ p, f, k, callNs, in: detail }): Violation[] => {
    if (!GUARDED.has(f)) return []
    const endNs = ends.get(`${k} ${String(detail['token'])}`)
    if (endNs === undefined || callNs <= endNs) return []
    const text = `a ${f} with token ${String(detail['token'])} was sent ${milliseconds(callNs - endNs)} after the lease had ended`
    return [{ property: 'U', p, k, atNs: callNs, text }]
  })
  return [...deadOnArrival, ...late, ...deadWithoutStop(operations, moments)]
}

/**
 * A lease that says of itself that it is over when it is handed out: only a process that was stopped meanwhile can get
 * one, or one that a busy machine did not run.
 */
function deadWithoutStop(operations: readonly Operation[], moments: readonly Moment[]): Violation[] {
  const resumes = moments.flatMap(({ p, f, atNs, in: { kind, target } }) => {
    if (f === STALLED) return [{ target: p, atNs }]
    return f === 'nemesis' && kind === 'resume' ? [{ target, atNs }] : []
  })
  return operations
    .filter(({ code }) => code === DEAD_ON_ARRIVAL)
    .filter(
      ({ p, callNs, endNs }) => !resumes.some(({ target, atNs }) => target === p && atNs > callNs && atNs < endNs),
    )
    .map(({ p, k, endNs }) => ({
      property: 'U',
      p,
      k,
      atNs: endNs,
      text: 'a lease was handed out that was over, and nothing had stopped the process',
    }))
}
