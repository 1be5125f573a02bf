/**
 * A payment provider delivers the webhook of an order twenty times, to two machines. `node main.ts without` shows what
 * "look whether it was charged, then charge" does; `node main.ts with` what `once` does.
 */
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { holdfast } from 'holdfast'
import { ledger } from 'holdfast/guards/sqlite'
import { memory, memoryEngine } from 'holdfast/memory'
import { once } from 'holdfast/once'

const DELIVERIES = 20
const CHARGE_MS = 10

const [way = 'with'] = process.argv.slice(2)
const engine = memoryEngine()
const machines = [holdfast(memory(engine)), holdfast(memory(engine))]
const outcomes = ledger(new DatabaseSync(':memory:'))
const charged = new Set<string>()
let charges = 0

async function charge(order: string): Promise<string> {
  await sleep(CHARGE_MS)
  charges += 1
  return `receipt of ${order}`
}

async function deliver(order: string, at: number): Promise<void> {
  if (way === 'with') {
    const locks = machines[at % machines.length]
    if (locks === undefined) return
    const payments = once(locks, 'payments', { ledger: outcomes, interrupted: 'refuse' })
    await payments.run(order, ({ key }) => charge(key))
  } else if (!charged.has(order)) {
    await charge(order)
    charged.add(order)
  }
}

await Promise.all(Array.from({ length: DELIVERIES }, (_, at) => deliver('order-1', at)))
console.log(`${way} once: ${DELIVERIES} deliveries, ${charges} ${charges === 1 ? 'charge' : 'charges'}`)
await Promise.all(machines.map((locks) => locks.close()))
