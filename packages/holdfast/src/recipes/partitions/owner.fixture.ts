/** One member of a group that works until it is killed, and says which partitions it believed to own: run by `killed.test.ts`. */
import { tellWhile } from '../belief.fixture.ts'
import { locksIn } from '../place.fixture.ts'
import { partitions } from './index.ts'

const [place = '', ttl = '', count = ''] = process.argv.slice(2)
const group = partitions(locksIn(place, Number(ttl)), 'orders', { count: Number(count), settle: '100ms' })

process.once('disconnect', () => process.exit())
await group.run((partition) => {
  const { index, token } = partition
  return tellWhile({ held: String(index), token }, () => partition.isHeld() && !partition.stopping.aborted)
})
