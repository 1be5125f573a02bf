/** G: what the resource admitted, in its own commit order. The clients' view is too weak: there a stale write overlaps the new one. */
import { byName, type Moment, type Record, tokenOf } from './record.ts'
import type { Violation } from './violation.ts'

export function checkGuardOrder({ moments }: Record): Violation[] {
  return [...byName(moments.filter((moment) => moment.f === 'commit')).values()].flatMap(ofOneName)
}

export function inCommitOrder(commits: readonly Moment[]): Moment[] {
  return commits.toSorted((a, b) => Number(a.in['cseq']) - Number(b.in['cseq']))
}

function ofOneName(commits: readonly Moment[]): Violation[] {
  const found: Violation[] = []
  let largest = 0n
  for (const { p, k, atNs, in: detail } of inCommitOrder(commits)) {
    const token = tokenOf(detail)
    if (token < largest) {
      const text = `a ${String(detail['kind'])} with token ${token} was admitted after token ${largest}`
      found.push({ property: 'G', p, k, atNs, text })
    }
    // A shared holder is compared and raises nothing.
    if (detail['raises'] === true && token > largest) largest = token
  }
  return found
}
