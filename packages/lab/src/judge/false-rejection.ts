/** G″: a refused call has an excuse, some larger token that was sent to the resource before the refusal came back. */
import { byName, type Operation, type Record, tokenOf } from './record.ts'
import type { Violation } from './violation.ts'

const GUARDED = new Set(['enter', 'read', 'write'])

export function checkFalseRejection({ operations }: Record): Violation[] {
  const guarded = operations.filter((operation) => GUARDED.has(operation.f))
  return [...byName(guarded).values()].flatMap(ofOneName)
}

function ofOneName(calls: readonly Operation[]): Violation[] {
  const byCall = calls.toSorted((a, b) => a.callNs - b.callNs)
  const refused = calls.filter((call) => call.code === 'STALE_TOKEN').toSorted((a, b) => a.endNs - b.endNs)
  const found: Violation[] = []
  let largest = 0n
  let sent = 0
  for (const { p, k, f, endNs, in: detail } of refused) {
    for (let call = byCall[sent]; call !== undefined && call.callNs <= endNs; call = byCall[(sent += 1)]) {
      // A shared holder is compared and raises nothing, so it is no reason for a rejection.
      if (call.f === 'read') continue
      const token = tokenOf(call.in)
      if (token > largest) largest = token
    }
    if (largest > tokenOf(detail)) continue
    const text = `a ${f} with token ${tokenOf(detail)} was refused although nobody had sent a larger one`
    found.push({ property: 'G″', p, k, atNs: endNs, text })
  }
  return found
}
