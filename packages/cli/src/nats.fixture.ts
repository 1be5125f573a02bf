/** A bucket of NATS in the tests of every command: what is no lock, in the place of one. */
import { connect } from '@nats-io/transport-node'
import type { Engine } from '@holdfast/testbed/engines'

/** In the place of the lock `bad`. */
export async function damageEntry({ url }: Engine): Promise<void> {
  const client = await connect({ servers: url })
  await client.request('$KV.holdfast.default/bad', 'x')
  await client.close()
}
