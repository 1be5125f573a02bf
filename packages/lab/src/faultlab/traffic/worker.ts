/** One process of the lab. Its order is the first line on standard input, words of the driver the next ones. */
import { createInterface } from 'node:readline'
import { Random } from '@holdfast/testbed/random'
import { watchClock } from './clock-watch.ts'
import { EventLog } from './event-log.ts'
import { openContender } from './open-contender.ts'
import { DISARM_WORD, isFailpoint, type Order, STOP_WORD } from './order.ts'
import { openProtectedResource } from './open-protected-resource.ts'
import { workAllDay } from './work.ts'

const lines = createInterface({ input: process.stdin })
// Not an argument: a store URL may carry a password, and other users can read arguments.
const order = JSON.parse(await firstLine()) as Order
const day = { over: false }
const log = new EventLog(order.process, order.historyPath)
const resource = await openProtectedResource(order)
const contender = await openContender(order.lock, { ...order, notes: log.notes })
lines.on('line', (word) => {
  if (isFailpoint(word)) log.arm(word)
  else if (word === DISARM_WORD) log.disarm()
  else if (word === STOP_WORD) day.over = true
})
// The driver is gone, and so are we; this also ends the wait for an order.
lines.on('close', () => process.exit(1))
watchClock(log.recorder)
log.announce('ready', { tells: contender.tells })
const loops = Array.from({ length: order.loops }, (_, index) => {
  const random = new Random(order.seed * 31 + index)
  return workAllDay({ order, contender, log, resource, random, c: String(index + 1), day })
})
await Promise.all(loops)
await contender.close()
await resource.close()
log.announce('done')
process.exit(0)

function firstLine(): Promise<string> {
  return new Promise((resolve) => lines.once('line', resolve))
}
