/** Very many waiters on one name of one process. */
import { holdfast } from 'holdfast'
import { memory, memoryEngine } from 'holdfast/memory'
import { cpuMs, nowMs, sleep } from './clock.ts'
import type { Suite } from './figure.ts'
import { watchStalls } from './stall.ts'

const WAITERS = 1_000
const HOLD_MS = 1

export const crowd: Suite = {
  name: 'crowd',
  about: `memory store, ${WAITERS.toLocaleString('en-US')} waiters on one name, each once, hold ${HOLD_MS} ms`,
  async run() {
    const locks = holdfast(memory(memoryEngine()), { wait: '10m' })
    const order: number[] = []
    const [startedMs, cpuBeforeMs, stalls] = [nowMs(), cpuMs(), watchStalls()]
    const wait = async (waiter: number): Promise<void> => {
      const lease = await locks.acquire('one')
      order.push(waiter)
      await sleep(HOLD_MS)
      await lease.release()
    }
    await Promise.all(Array.from({ length: WAITERS }, (_, waiter) => wait(waiter)))
    const [tookMs, usedMs, stallMs] = [nowMs() - startedMs, cpuMs() - cpuBeforeMs, stalls.stop()]
    await locks.close()
    return [
      { what: 'served', unit: '', value: order.length, target: { atLeast: WAITERS } },
      {
        what: 'served out of order',
        unit: '',
        value: order.filter((waiter, turn) => waiter !== turn).length,
        target: { atMost: 0 },
      },
      { what: 'all served after', unit: 's', value: tookMs / 1000, target: { atMost: 2 } },
      { what: 'CPU', unit: 's', value: usedMs / 1000 },
      { what: 'longest stall of the event loop', unit: 'ms', value: stallMs, target: { atMost: 100 } },
    ]
  },
}
