/**
 * R: the store never prolongs what has ended. A renewal asked for after the claim was evicted, released, or followed by
 * a grant it cannot stand beside, must not be answered with yes.
 */
import { byName, type Hold, type Operation, type Record, tokenOf } from './record.ts'
import type { Violation } from './violation.ts'

export function checkRevival({ operations, holds }: Record): Violation[] {
  const held = byName(holds)
  return [...byName(operations)].flatMap(([name, all]) => ofOneName(all, held.get(name) ?? []))
}

function ofOneName(operations: readonly Operation[], holds: readonly Hold[]): Violation[] {
  const owners = new Map(holds.map((hold) => [hold.token, hold]))
  const ended = new Map<bigint, number>()
  for (const { f, outcome, endNs, in: detail, out } of operations) {
    const over = (f === 'evict' && outcome === 'ok') || (f === 'release' && out['outcome'] === 'released')
    if (over) ended.set(tokenOf(detail), Math.min(ended.get(tokenOf(detail)) ?? Number.POSITIVE_INFINITY, endNs))
  }
  const renewals = operations
    .filter((operation) => operation.f === 'renew' && operation.outcome === 'ok')
    .toSorted((a, b) => a.callNs - b.callNs)
  const grants = holds.toSorted((a, b) => a.fromNs - b.fromNs)
  const found: Violation[] = []
  // Of the grants answered so far, the largest token among those of each weight: few weights, so the sweep stays one.
  const largest = new Map<number, Hold>()
  let answered = 0
  for (const { p, k, callNs, in: detail } of renewals) {
    for (let hold = grants[answered]; hold !== undefined && hold.fromNs < callNs; hold = grants[(answered += 1)]) {
      if (hold.token > (largest.get(hold.weight)?.token ?? 0n)) largest.set(hold.weight, hold)
    }
    const token = tokenOf(detail)
    const owner = owners.get(token)
    const successor = [...largest.values()].find(
      (hold) => hold.token > token && owner !== undefined && hold.weight + owner.weight > hold.capacity,
    )
    if (successor !== undefined) {
      const text = `token ${token} was renewed after token ${successor.token} had been granted to ${successor.p}`
      found.push({ property: 'R', p, k, atNs: callNs, text })
    }
    if ((ended.get(token) ?? Number.POSITIVE_INFINITY) < callNs) {
      found.push({ property: 'R', p, k, atNs: callNs, text: `token ${token} was renewed after it had been ended` })
    }
  }
  return found
}
