/**
 * V: at every moment the weights of the claims that hold by their owners' clocks fit into the capacity. One sweep serves the
 * mutex (1 of 1), permits (k of n) and readers with a writer (1 of W, W of W).
 */
import { byName, type Hold, type Record } from './record.ts'
import type { Violation } from './violation.ts'

export function checkOverlap({ holds }: Record): Violation[] {
  return [...byName(holds).values()].flatMap(ofOneName)
}

interface Edge {
  readonly atNs: number
  readonly begins: boolean
  readonly hold: Hold
}

function ofOneName(holds: readonly Hold[]): Violation[] {
  const edges = holds
    .filter((hold) => hold.fromNs < hold.toNs)
    .flatMap((hold): Edge[] => [
      { atNs: hold.fromNs, begins: true, hold },
      { atNs: hold.toNs, begins: false, hold },
    ])
    // At one moment the end comes first: to touch is not to overlap.
    .toSorted((a, b) => a.atNs - b.atNs || Number(a.begins) - Number(b.begins))
  const present = new Set<Hold>()
  const found: Violation[] = []
  let weight = 0
  for (const { begins, hold } of edges) {
    weight += begins ? hold.weight : -hold.weight
    if (!begins) present.delete(hold)
    else if (present.add(hold) && weight > hold.capacity) {
      const who = [...present].map((one) => `${one.p} (token ${one.token})`).join(', ')
      const text = `${who} hold at once: ${weight} of ${hold.capacity}`
      found.push({ property: 'V', p: hold.p, k: hold.k, atNs: hold.fromNs, text })
    }
  }
  return found
}
