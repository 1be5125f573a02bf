/** What an uncontended lock costs where a quorum agrees on it, beside the least that a lock can be there. */
import { holdfast } from 'holdfast'
import { nowMs } from '../clock.ts'
import type { Figure, Settings, Suite } from '../figure.ts'
import { holdfastLock, inTurn, namesOf } from '../holdfast-lock.ts'
import { bareStore } from '../redis/bare-store.ts'
import {
  compared,
  cpuPerPair,
  latencyAt,
  pairsPerSecond,
  pooledLatenciesUs,
  roundsIn,
  type Slice,
  takeTurns,
} from '../slices.ts'
import { percentile } from '../statistics.ts'
import type { QuorumEngine } from './engine.ts'

const NAMES = namesOf('name', 64)
/** The reference is the first and the third: it against itself is the noise. */
const ENTRANTS = ['bare', 'acquire + release', 'bare again', 'store alone'] as const
const AGAIN = 2
const TTL_MS = 60_000

export const quorumPair = (engine: QuorumEngine): Suite => ({
  name: `${engine.scheme}-pair`,
  group: engine.scheme,
  about: `${engine.title}, acquire + release of names nobody else wants; ratios against ${engine.barePair}`,
  run: (settings) =>
    engine.within(async ({ oneUrl }) => figuresOf(await playedOn(engine, oneUrl, settings), engine.p50Max)),
})

async function playedOn(engine: QuorumEngine, url: string, settings: Settings): Promise<readonly (readonly Slice[])[]> {
  const locks = holdfast(engine.store(url), { ttl: TTL_MS })
  await locks.open()
  const [bare, again] = [await engine.bare(url, NAMES), await engine.bare(url, NAMES)]
  const store = await bareStore(engine.store(url), inTurn(NAMES))
  try {
    const contestants = [bare, holdfastLock(locks, inTurn(NAMES)), again, store]
    return await takeTurns(contestants, roundsIn(settings, contestants.length), nowMs())
  } finally {
    await Promise.all([bare.close(), again.close(), store.close(), locks.close()])
  }
}

function figuresOf(played: readonly (readonly Slice[])[], p50Max: number): readonly Figure[] {
  return ENTRANTS.flatMap((name, index): readonly Figure[] => {
    if (index === AGAIN) return []
    const latencies = pooledLatenciesUs(played, index)
    const absolutes: readonly Figure[] = [
      { what: `${name}: pairs per second`, unit: '/s', value: pairsPerSecond(played, index) },
      { what: `${name}: p50`, unit: 'µs', value: percentile(latencies, 0.5) },
      { what: `${name}: p99`, unit: 'µs', value: percentile(latencies, 0.99) },
    ]
    if (index === 0) return absolutes
    const isWhole = name === 'acquire + release'
    const p50 = { what: `${name}: p50, ratio`, unit: '×', ...compared(played, latencyAt(0.5), index) }
    return [
      isWhole ? { ...p50, target: { atMost: p50Max } } : p50,
      { what: `${name}: client CPU, ratio`, unit: '×', ...compared(played, cpuPerPair, index) },
      ...absolutes,
    ]
  })
}
