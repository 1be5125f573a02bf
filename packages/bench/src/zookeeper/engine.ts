/** ZooKeeper as the suites on quorums measure it. */
import { zookeeper } from 'holdfast/zookeeper'
import type { QuorumEngine } from '../quorum/engine.ts'
import { bareZookeeperLock } from './bare-lock.ts'
import { LAG_MS, withEnsemble } from './ensemble.ts'

const TICK_MS = 500
/** A session is longer than the ttl by the lag, the time between two pings and half of that again. */
const RESERVE_LAGS = 1.375
/** A bare pair is two requests. */
const PAIR_PACKETS = 2

export const zookeeperEngine: QuorumEngine = {
  scheme: 'zookeeper',
  title: 'ZooKeeper of three servers',
  within: withEnsemble,
  store: (url) => zookeeper(url),
  bare: bareZookeeperLock,
  barePair: 'a bare create and delete',
  p50Max: 1.15,
  // The leader looks for ended sessions once a tick, and may hear of the last ping half a tick late.
  crash: { ttlMs: 2_000, lateMs: LAG_MS * RESERVE_LAGS + 2 * TICK_MS },
  gapMsMax: 3_000,
  crowdCosts: ({ packets = 0 }, handOffs) => [
    { what: 'packets per hand-off, pings and all', unit: '', value: packets / handOffs, target: { atMost: 2.1 } },
  ],
  turnCosts: (where, { packets = 0 }, turns, barePairs) => [
    {
      what: `${where}: packets per turn, entering, sessions and pings included`,
      unit: '',
      value: (packets - PAIR_PACKETS * barePairs) / turns,
    },
  ],
  leaseCosts: (where, { packets = 0 }) => [
    { what: `${where}: packets in all, with taking and giving back`, unit: '', value: packets },
  ],
}
