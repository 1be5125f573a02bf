/** What core itself costs: the memory store answers at once, so nearly all of the time is spent above the seam. */
import { holdfast } from 'holdfast'
import { memory } from 'holdfast/memory'
import { nowMs } from './clock.ts'
import type { Figure, Settings, Suite } from './figure.ts'
import { holdfastLock, inTurn, namesOf } from './holdfast-lock.ts'
import { compared, type Contestant, msPerPair, pairsPerSecond, roundsIn, takeTurns } from './slices.ts'

const CONTESTANTS = 3
const TOGETHER = 64
const HELD = 100_000

export const inMemory: Suite = {
  name: 'memory',
  about: 'memory store, acquire + release of names nobody else wants; noise is the same program against itself',
  run: async (settings) => [...(await pairs(1, settings)), ...(await pairs(TOGETHER, settings))],
}

async function pairs(inFlight: number, settings: Settings): Promise<readonly Figure[]> {
  const locks = holdfast(memory())
  const names = namesOf('name', inFlight)
  const one = holdfastLock(locks, inTurn(names))
  const contestant: Contestant = {
    async pair(turn) {
      await Promise.all(names.map(async (_, index) => one.pair(turn * inFlight + index)))
    },
  }
  const rounds = await takeTurns([contestant, contestant, contestant], roundsIn(settings, CONTESTANTS), nowMs())
  await locks.close()
  const { value, noise } = compared(rounds, msPerPair)
  return [
    { what: `${inFlight} in flight: pairs per second`, unit: '/s', value: pairsPerSecond(rounds, 0) * inFlight },
    { what: `${inFlight} in flight: against itself`, unit: '×', value, noise },
  ]
}

export const growth: Suite = {
  name: 'growth',
  about: `memory store, acquire + release while the client holds ${HELD.toLocaleString('en-US')} other names`,
  async run(settings) {
    // Long leases: here nothing shall be renewed, that is the suite "renewal".
    const few = holdfast(memory(), { ttl: '1h' })
    const many = holdfast(memory(), { ttl: '1h' })
    await few.acquire('held')
    for (const name of namesOf('held', HELD)) await many.acquire(name)
    const contestants = [few, many, few].map((locks) => holdfastLock(locks, inTurn(namesOf('name', TOGETHER))))
    const rounds = await takeTurns(contestants, roundsIn(settings, CONTESTANTS), nowMs())
    const figure = { ...compared(rounds, msPerPair), unit: '×', target: { atMost: 2 } }
    await Promise.all([few.close(), many.close()])
    return [{ what: `time per pair, ${HELD.toLocaleString('en-US')} held against 1`, ...figure }]
  },
}
