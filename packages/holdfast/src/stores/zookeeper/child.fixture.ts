/**
 * A process that holds one lock: `node child.fixture.ts URL NAME TTL_MS FOLLOWER_LAG_MS`. It says the token once it holds, and
 * when it ran again after a pause whether it believes that it holds.
 */
import { holdfast } from '../../holdfast.ts'
import { zookeeper } from './index.ts'

const PAUSE_MS = 1_000
const [, , url = '', name = '', ttlMs, followerLagMs] = process.argv
const locks = holdfast(zookeeper(url, { followerLag: Number(followerLagMs) }), { ttl: Number(ttlMs) })
const lease = await locks.acquire(name)
process.stdout.write(`${lease.tokenText}\n`)
let ranAtMs = performance.now()
setInterval(() => {
  const nowMs = performance.now()
  if (nowMs - ranAtMs > PAUSE_MS) process.stdout.write(`${lease.isHeld() ? 'held' : 'lost'}\n`)
  ranAtMs = nowMs
}, 20)
