/** A process that stands in a line, says where it stands, and waits to be killed: `node child.fixture.ts URL RESOURCE TTL_MS`. */
import { opened } from '../opened.fixture.ts'
import { redis } from './index.ts'
import { claim } from './redis.fixture.ts'

const [, , url = '', resource = '', ttlMs] = process.argv
const store = await opened(redis(url))
const standing = await store.enter(claim(resource, { ttlMs: Number(ttlMs) }))
process.stdout.write(standing.kind)
