/** One process that stands for election until it is killed, and says when it believed that it led: run by `failover.test.ts`. */
import { locksIn } from './place.fixture.ts'
import { systemClock } from '../../time/clock.ts'
import { election } from './index.ts'

/** On the clock that the processes of a machine share. */
export interface Belief {
  readonly token: string
  readonly atMs: number
}

const LOOK_MS = 2
const [place = '', ttl = ''] = process.argv.slice(2)
const candidate = election(locksIn(place, Number(ttl)), 'failover')

process.once('disconnect', () => process.exit())
await candidate.lead(async (term) => {
  const token = String(term.token)
  for (;;) {
    // Read before the answer: a process that is stopped between the two has only believed it earlier.
    const atMs = systemClock.monotonicMs()
    if (!candidate.isLeader) return
    process.send?.({ token, atMs } satisfies Belief)
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
})
