/** S: what a run counts at its end is zero: timers of closed clients, waits, leases, claims in the store. */
import type { Record } from './record.ts'
import type { Violation } from './violation.ts'

export function checkLeaks({ moments }: Record): Violation[] {
  return moments.flatMap(({ p, f, k, atNs, in: counts }) => {
    if (f !== 'leftovers') return []
    return Object.entries(counts)
      .filter(([, count]) => count !== 0)
      .map(([what, count]): Violation => ({ property: 'S', p, k, atNs, text: `${String(count)} ${what} left behind` }))
  })
}
