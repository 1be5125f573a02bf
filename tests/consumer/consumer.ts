/** What a stranger writes first. It is compiled against the packed library under strict rules and run on every Node. */
import { type AcquireOptions, holdfast, HoldfastError, type Lease, type Locks } from 'holdfast'
import { memory } from 'holdfast/memory'

const options: AcquireOptions = { wait: '1s', ttl: 2_000 }
const locks: Locks = holdfast(memory(), { namespace: 'consumer', ttl: '10s' })

const token: bigint = await locks.using('seat:14A', options, async (lease: Lease) => {
  lease.assertHeld()
  const second: Lease | null = await locks.tryAcquire('seat:14A', { detached: true })
  if (second !== null) throw new Error('two holders')
  return lease.token
})

try {
  // @ts-expect-error a name is text: the types say so, and so does the library
  await locks.acquire(14)
} catch (error) {
  if (!(error instanceof HoldfastError) || error.code !== 'MISUSE') throw error
}

await locks.close()
if (token <= 0n) throw new Error('no token')
