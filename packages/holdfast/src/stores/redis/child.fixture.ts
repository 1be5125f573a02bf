/** A process that stands in a line, says where it stands, and waits to be killed: `node child.fixture.ts URL RESOURCE TTL_MS`. */
import { systemClock } from '../../time/clock.ts'
import { redis } from './index.ts'
import { claim, never } from './redis.fixture.ts'

const [, , url = '', resource = '', ttlMs] = process.argv
const store = redis(url)
await store.open({ clock: systemClock, signal: never })
const standing = await store.enter(claim(resource, { ttlMs: Number(ttlMs) }))
process.stdout.write(standing.kind)
