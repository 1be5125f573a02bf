/** 47 buyers want seat 14A at once, each clicks twice; then 400 seats are sold one after another, to see what one sale costs. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openShop, type Sell, type Shop } from './shop.ts'

export interface Version {
  readonly sell: Sell
  close?(): Promise<void>
}

const BUYERS = 47
const CHARGE_MS = 20
const SEATS = 400

/** Prints one line. The process ends with 1 when the seat was sold, or a card charged, more or less than once. */
export async function contest(name: string, version: (shop: Shop) => Version): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'seat-14a-'))
  try {
    const { sold, charges } = await race(openShop(join(folder, 'race.db'), CHARGE_MS), version)
    const costUs = await cost(openShop(join(folder, 'cost.db'), 0), version)
    process.stdout.write(`${name}: sold to ${sold}, ${charges} charges, ${Math.round(costUs)} µs a sale\n`)
    process.exitCode = sold === 1 && charges === 1 ? 0 : 1
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function race(
  shop: Shop,
  version: (shop: Shop) => Version,
): Promise<{ readonly sold: number; readonly charges: number }> {
  shop.db.exec("INSERT INTO seat (id) VALUES ('14A')")
  const { sell, close } = version(shop)
  const buyers = Array.from({ length: BUYERS }, (_, index) => `buyer ${index}`)
  const clicks = [...buyers, ...buyers].map(async (buyer) => ({
    buyer,
    outcome: await sell('14A', { id: `order of ${buyer}`, buyer }),
  }))
  const winners = (await Promise.all(clicks)).filter(({ outcome }) => outcome === 'sold').map(({ buyer }) => buyer)
  await close?.()
  shop.db.close()
  return { sold: new Set(winners).size, charges: shop.charges.length }
}

/** The median, in microseconds, of what comes on top of the payment service. */
async function cost(shop: Shop, version: (shop: Shop) => Version): Promise<number> {
  const seats = Array.from({ length: SEATS }, (_, index) => `seat ${index}`)
  const insert = shop.db.prepare('INSERT INTO seat (id) VALUES (?)')
  for (const seat of seats) insert.run(seat)
  const { sell, close } = version(shop)
  const times: number[] = []
  for (const seat of seats) {
    const startedMs = performance.now()
    await sell(seat, { id: `order ${seat}`, buyer: 'ada' })
    times.push((performance.now() - startedMs) * 1_000)
  }
  await close?.()
  shop.db.close()
  return times.toSorted((a, b) => a - b)[SEATS / 2] ?? Number.NaN
}
