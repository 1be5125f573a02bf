/** What an uncontended lock costs in an etcd of three members, beside a key that is made and deleted. */
import { holdfast } from 'holdfast'
import { etcd } from 'holdfast/etcd'
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
import { bareEtcdLock } from './bare-lock.ts'
import { withCluster } from './cluster.ts'

const NAMES = namesOf('name', 64)
/** The reference is the first and the third: it against itself is the noise. */
const ENTRANTS = ['bare', 'acquire + release', 'bare again', 'store alone'] as const
const AGAIN = 2
const TTL_MS = 60_000
const P50_TARGET = { atMost: 1.25 }

export const etcdPair: Suite = {
  name: 'etcd-pair',
  group: 'etcd',
  about: 'etcd of three members, acquire + release of names nobody else wants; ratios against a bare create and delete',
  async run(settings) {
    return await withCluster(async ({ cluster: { members } }) => {
      const [member] = members
      if (member === undefined) throw new Error('a cluster has members')
      return figuresOf(await playedOn(member.url, settings))
    })
  },
}

/** All of them speak to one member: whether it leads costs a message more or less. */
async function playedOn(url: string, settings: Settings): Promise<readonly (readonly Slice[])[]> {
  const { host } = new URL(url)
  const locks = holdfast(etcd(`etcd://${host}`), { ttl: TTL_MS })
  await locks.open()
  const [bare, again] = [await bareEtcdLock(url, NAMES), await bareEtcdLock(url, NAMES)]
  const store = await bareStore(etcd(`etcd://${host}`), inTurn(NAMES))
  try {
    const contestants = [bare, holdfastLock(locks, inTurn(NAMES)), again, store]
    return await takeTurns(contestants, roundsIn(settings, contestants.length), nowMs())
  } finally {
    await Promise.all([bare.close(), again.close(), store.close(), locks.close()])
  }
}

function figuresOf(played: readonly (readonly Slice[])[]): readonly Figure[] {
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
      isWhole ? { ...p50, target: P50_TARGET } : p50,
      { what: `${name}: client CPU, ratio`, unit: '×', ...compared(played, cpuPerPair, index) },
      ...absolutes,
    ]
  })
}
