import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { LeaseLost, StaleToken } from '../store/errors.ts'
import { holdfast } from '../holdfast.ts'
import { memory, memoryEngine } from '../stores/memory/index.ts'
import { acceptSequencer } from '../lease/sequencer.ts'
import { fence } from './sqlite/index.ts'

test('an evicted holder is refused by its own clock once told, and by the resource even when it is not', async () => {
  const engine = memoryEngine()
  const [holder, operator] = [holdfast(memory(engine)), holdfast(memory(engine))]
  using db = new DatabaseSync(':memory:')
  db.exec('CREATE TABLE seat (buyer TEXT)')
  const guard = fence(db)
  const lease = await holder.acquire('seat:14A')
  guard.enter(lease)
  const { namespace, name } = lease
  // As another service would have it, which cannot know that it was lost.
  const sent = acceptSequencer(lease.sequencer, { namespace, name, mode: 'exclusive' })
  const told = new Promise((resolve) => lease.signal.addEventListener('abort', resolve))
  await operator.evict('seat:14A', { token: lease.token, reason: 'the node is drained' })
  await operator.using('seat:14A', (next) => guard.enter(next))
  const sell = (): unknown => db.prepare("INSERT INTO seat VALUES ('late')").run()
  expect(() => guard.run(sent, sell)).toThrow(StaleToken)
  await told
  expect(() => guard.run(lease, sell)).toThrow(LeaseLost)
  expect(db.prepare('SELECT count(*) AS sold FROM seat').get()).toEqual({ sold: 0 })
  await Promise.all([holder.close(), operator.close()])
})
