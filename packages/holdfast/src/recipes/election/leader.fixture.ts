/** One process that stands for election until it is killed, and says when it believed that it led: run by `failover.test.ts`. */
import { DatabaseSync } from 'node:sqlite'
import { fence } from '../../guards/sqlite/index.ts'
import { acceptSequencer } from '../../lease/sequencer.ts'
import { StaleToken } from '../../store/errors.ts'
import { tellWhile } from '../belief.fixture.ts'
import { locksIn } from '../place.fixture.ts'
import { election } from './index.ts'

/** Shorter than a lease: a leader may have been stopped within its write. */
const BUSY_MS = 50
const [place = '', ttl = '', register = ''] = process.argv.slice(2)
const candidate = election(locksIn(place, Number(ttl)), 'failover')
const db = new DatabaseSync(register, { timeout: BUSY_MS })
db.exec('PRAGMA synchronous = OFF')
const guard = fence(db)
const append = db.prepare('INSERT INTO writes (token) VALUES (?)')

function write(sent: ReturnType<typeof acceptSequencer>): void {
  try {
    guard.run(sent, () => append.run(sent.token))
  } catch (error) {
    if (error instanceof StaleToken) process.send?.('refused')
    else if (!String(error).includes('locked')) throw error
  }
}

process.once('disconnect', () => process.exit())
await candidate.lead(async ({ namespace, name, token, sequencer }) => {
  // As a resource in another process sees it: it cannot know that the lease was lost.
  const sent = acceptSequencer(sequencer, { namespace, name, mode: 'exclusive' })
  await tellWhile(
    { held: name, token },
    () => candidate.isLeader,
    () => write(sent),
  )
  write(sent)
})
