/** One process with several buyers. All it knows comes in one argument, all it does goes out as events. */
import { setTimeout as sleep } from 'node:timers/promises'
import { holdfast } from 'holdfast'
import { sqlite } from 'holdfast/sqlite'
import { type Way, SEAT_KEY } from './acts.ts'
import { type Buyer, buyWithLock, buyWithLockAndFence, buyWithoutLock, type Outcome } from './buyer.ts'
import { eventLogs } from './event-log.ts'
import { recorderFor, waitForConductor } from './report.ts'
import { openShop } from './shop.ts'

export interface WorkerOrder {
  readonly process: string
  readonly way: Way
  readonly buyers: readonly { readonly name: string; readonly arrivesMs: number }[]
  readonly shopPath: string
  readonly locksPath: string
  readonly bankUrl: string
  readonly ttlMs: number
  readonly waitMs: number
}

const buyIn: Readonly<Record<Way, (buyer: Buyer) => Promise<Outcome>>> = {
  'no-lock': buyWithoutLock,
  lock: buyWithLock,
  'lock-and-fence': buyWithLockAndFence,
}

const order = JSON.parse(process.argv[2] ?? '') as WorkerOrder
const recorder = recorderFor(order.process)
const locks = holdfast(sqlite({ path: order.locksPath }), { namespace: 'demo', ttl: order.ttlMs, owner: order.process })
const diaryOf = eventLogs(recorder, locks)
const shop = openShop(order.shopPath)
await locks.open()
recorder.signal('ready', SEAT_KEY)
waitForConductor()
await Promise.all(order.buyers.map(serve))
await locks.close()
shop.close()

async function serve({ name, arrivesMs }: WorkerOrder['buyers'][number]): Promise<void> {
  await sleep(arrivesMs)
  const diary = diaryOf(name)
  try {
    diary.done(await buyIn[order.way]({ name, shop, locks, diary, bankUrl: order.bankUrl, waitMs: order.waitMs }))
  } catch (error) {
    diary.done('failed', error instanceof Error ? error.message : String(error))
  }
}
