/**
 * Twelve workers start, and each needs a number of its own below four while it works. `node main.ts without` shows what a
 * counter modulo four does; `node main.ts with` what `slots` does.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { holdfast } from 'holdfast'
import { memory, memoryEngine } from 'holdfast/memory'
import { slots } from 'holdfast/slots'

const WORKERS = 12
const COUNT = 4
const WORK_MS = 20

const [way = 'with'] = process.argv.slice(2)
const engine = memoryEngine()
const inUse = new Map<number, number>()
let counter = 0
let doubles = 0

async function work(slot: number): Promise<void> {
  const users = (inUse.get(slot) ?? 0) + 1
  inUse.set(slot, users)
  if (users > 1) doubles += 1
  await sleep(WORK_MS)
  inUse.set(slot, (inUse.get(slot) ?? 1) - 1)
}

async function worker(): Promise<void> {
  if (way === 'with') {
    const locks = holdfast(memory(engine))
    await slots(locks, 'workers', { count: COUNT }).using(({ slot }) => work(slot))
    await locks.close()
  } else {
    counter += 1
    await work(counter % COUNT)
  }
}

await Promise.all(Array.from({ length: WORKERS }, worker))
console.log(`${way} slots: ${WORKERS} workers, ${doubles} with a number that another one had`)
