/** The same in TypeScript, through ts-jest without a setting but its transform. */
import Redlock from 'holdfast/from-redlock'
import { holdfast, LeaseLost, type Lease, type Locks } from 'holdfast'
import { memory } from 'holdfast/memory'

test('a lock, and what becomes of a lease that is evicted', async () => {
  const locks: Locks = holdfast(memory())
  const lease: Lease = await locks.acquire('seat:14A')
  await locks.evict('seat:14A', { token: lease.token, reason: 'test' })
  const work = locks.using('seat:14B', async (held) => {
    await locks.evict('seat:14B', { token: held.token, reason: 'test' })
    return 'sold'
  })
  const error: unknown = await work.catch((reason: unknown) => reason)
  if (!(error instanceof LeaseLost)) throw new Error('no LeaseLost')
  expect(error.outcome).toEqual({ returned: 'sold' })
  expect(typeof Redlock).toBe('function')
  await locks.close()
})
