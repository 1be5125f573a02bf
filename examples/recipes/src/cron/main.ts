/**
 * Two machines, whose clocks are 90 ms apart, run a job of 10 ms each second. `node main.ts without` shows what a lock around
 * the job does, which is free again before the slower clock looks; `node main.ts with` what `oncePerTick` does.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { holdfast } from 'holdfast'
import { oncePerTick } from 'holdfast/cron'
import { memory, memoryEngine } from 'holdfast/memory'

const TICKS = 5
const TICK_MS = 300
const APART_MS = 90
const WORK_MS = 10

const [way = 'with'] = process.argv.slice(2)
const engine = memoryEngine()
const first = Math.ceil(Date.now() / 1_000) * 1_000
let runs = 0

async function send(): Promise<void> {
  runs += 1
  await sleep(WORK_MS)
}

async function machine(lateMs: number): Promise<void> {
  const locks = holdfast(memory(engine))
  for (let count = 0; count < TICKS; count += 1) {
    const tick = new Date(first + count * TICK_MS)
    await sleep(tick.getTime() + lateMs - Date.now())
    if (way === 'with') {
      await oncePerTick(locks, 'reminders', tick, { atMostFor: '10s' }, send)
    } else {
      const lease = await locks.tryAcquire('reminders')
      if (lease === null) continue
      await send()
      await lease.release()
    }
  }
  await locks.close()
}

await Promise.all([machine(0), machine(APART_MS)])
console.log(`${way} oncePerTick: ${TICKS} ticks, ${runs} runs`)
