import { expect, test } from 'vitest'
import { nowMs } from './clock.ts'
import { compared, gainedBetween, gainedPerPair, takeTurns, together } from './slices.ts'

const ONE_ROUND = { warmUp: 0, measured: 1 }

test('pairs in flight at once have turns of their own, so that no two of them want one name', async () => {
  const inFlight = 4
  const busy = new Set<number>()
  let most = 0
  const contestant = {
    async pair(turn: number) {
      const name = turn % inFlight
      expect(busy.has(name)).toBe(false)
      busy.add(name)
      most = Math.max(most, busy.size)
      await new Promise((resolve) => setImmediate(resolve))
      busy.delete(name)
    },
  }
  const [[slice] = []] = await takeTurns([contestant], ONE_ROUND, nowMs(), { inFlight })
  expect(most).toBe(inFlight)
  expect(slice?.latenciesUs).toHaveLength(slice?.pairs ?? Number.NaN)
})

test('the meter is read around each slice, and what it gained is told for each pair', async () => {
  let pairs = 0
  const contestant = {
    async pair() {
      await new Promise((resolve) => setImmediate(resolve))
      pairs += 1
    },
  }
  const meter = async () => ({ sent: 2 * pairs })
  const [[slice] = []] = await takeTurns([contestant], ONE_ROUND, nowMs(), { meter })
  expect(slice && gainedPerPair('sent')(slice)).toBe(2)
})

test('a contestant may say itself which part of a pair counts', async () => {
  const contestant = { pair: async () => new Promise<number>((resolve) => setImmediate(resolve, 7)) }
  const [[slice] = []] = await takeTurns([contestant], ONE_ROUND, nowMs())
  expect(new Set(slice?.latenciesUs)).toEqual(new Set([7]))
})

test('what several processes gained is one sum', () => {
  const slice = (sent: number) => ({
    pairs: 1,
    pairsPerSecond: 1,
    cpuMs: 1,
    latenciesUs: new Float64Array(),
    gained: { sent },
  })
  expect(together([[[slice(3)]], [[slice(4)]]])[0]?.[0]?.gained).toEqual({ sent: 7 })
  expect(gainedBetween({ a: 1 }, { a: 5, b: 2 })).toEqual({ a: 4, b: 2 })
})

test('a contestant is compared with the reference round by round, beside the reference with itself', () => {
  const slice = (pairsPerSecond: number) => ({
    pairs: 1,
    pairsPerSecond,
    cpuMs: 1,
    latenciesUs: new Float64Array(),
    gained: {},
  })
  const rounds = [
    [10, 20, 11, 30],
    [100, 300, 90, 200],
    [1, 4, 1, 3],
  ].map((rates) => rates.map(slice))
  const rate = ({ pairsPerSecond }: { pairsPerSecond: number }): number => pairsPerSecond
  expect(compared(rounds, rate)).toEqual({ value: 3, noise: { low: 0.9, high: 1.1 } })
  expect(compared(rounds, rate, 3).value).toBe(3)
})
