/** Damages that make the demo a bet on a quick machine again. */
import type { Check, Mutant } from './mutant.ts'

const SEAT = 'examples/seat-14a/src'
const by = (name: string): Check => ({ tests: [`${SEAT}/${name}.test.ts`] })

export const demoMutants: readonly Mutant[] = [
  {
    name: 'a demo in which the first buyer may write before a second one has looked',
    file: `${SEAT}/cues.ts`,
    find: 'if (looked.size < 2) return',
    replace: 'if (looked.size < 1) return',
    caughtBy: by('cues'),
  },
  {
    name: 'a demo that counts a buyer twice who looked twice',
    file: `${SEAT}/cues.ts`,
    find: 'looked.add(event.c)',
    replace: 'looked.add(`${event.c} ${looked.size}`)',
    caughtBy: by('cues'),
  },
  {
    name: 'a demo whose pause begins with the signal, which may come late',
    file: `${SEAT}/verdict.ts`,
    find: "const from = events.find((event) => event.f === 'paid' && event.p === target)",
    replace: 'const from = stop',
    caughtBy: by('verdict'),
  },
  {
    name: 'a demo that fails for a lease lost honestly',
    file: `${SEAT}/buyer.ts`,
    find: 'if (!isTooLate || turn === TURNS_MAX) throw reason',
    replace: 'throw reason',
    caughtBy: by('buyer'),
  },
  {
    name: 'a demo that keeps the money of a buyer whose lease was lost',
    file: `${SEAT}/buyer.ts`,
    find: "await refund(buyer, receipt, 'lost')",
    replace: '',
    caughtBy: by('buyer'),
  },
  {
    name: 'a demo whose card company keeps connections that a stopped buyer finds closed',
    file: `${SEAT}/bank.ts`,
    find: "response.setHeader('connection', 'close')",
    replace: '',
    caughtBy: by('bank'),
  },
  {
    name: 'a demo with the same lease on every machine',
    file: `${SEAT}/pace.ts`,
    find: 'Math.max(TTL_MS_MIN, wantedMs)',
    replace: 'TTL_MS_MIN',
    caughtBy: by('pace'),
  },
  {
    name: 'a demo that measures the last charge and not the latest',
    file: `${SEAT}/pace.ts`,
    find: 'worstMs = Math.max(worstMs, Number(BigInt(t) - sent) / 1e6 - chargeMs)',
    replace: 'worstMs = Number(BigInt(t) - sent) / 1e6 - chargeMs',
    caughtBy: by('pace'),
  },
]
