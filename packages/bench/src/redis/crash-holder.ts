/** A process of the suite `redis-crash`: it takes some locks, says so, and waits to be killed. */
import { openLocker } from '../server/open-locker.ts'

const [, , url = '', ttlMs, ...names] = process.argv
// Should the bench itself be gone.
process.once('disconnect', () => process.exit())
const locker = await openLocker('holdfast', { url, ttlMs: Number(ttlMs), waitMs: Number(ttlMs) })
await Promise.all(names.map((name) => locker.acquire(name)))
process.send?.('holding')
