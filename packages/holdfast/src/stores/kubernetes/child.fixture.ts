/**
 * A process that holds one lock: `node child.fixture.ts URL NAME TTL_MS`. It says the token once it holds, and how the lease
 * is once that has ended.
 */
import { holdfast } from '../../holdfast.ts'
import { kubernetes } from './index.ts'

const [, , url = '', name = '', ttlMs] = process.argv
const locks = holdfast(kubernetes(url), { ttl: Number(ttlMs) })
const lease = await locks.acquire(name)
process.stdout.write(`${lease.tokenText}\n`)
lease.signal.addEventListener('abort', () => void process.stdout.write(`${lease.state}\n`))
