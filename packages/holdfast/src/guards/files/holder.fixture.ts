/** Another process in the middle of guarded work: it says that it is inside, and stays until it is told to end. */
import { flockFence } from './index.ts'

const [folder = '', token = '1'] = process.argv.slice(2)
const lease = {
  namespace: 'shop',
  name: 'stock',
  mode: 'exclusive',
  token: BigInt(token),
  assertHeld: () => undefined,
} as const

await flockFence(folder).run(lease, async () => {
  process.send?.('inside')
  await new Promise((resolve) => process.once('message', resolve))
})
process.disconnect()
