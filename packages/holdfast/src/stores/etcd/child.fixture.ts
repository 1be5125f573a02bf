/** A process that holds one lock until it is killed: `node child.fixture.ts URL NAME TTL_MS`. It says the token once it holds. */
import { holdfast } from '../../holdfast.ts'
import { etcd } from './index.ts'

const [, , url = '', name = '', ttlMs] = process.argv
const locks = holdfast(etcd(url), { ttl: Number(ttlMs) })
const lease = await locks.acquire(name)
process.stdout.write(`${lease.tokenText}\n`)
