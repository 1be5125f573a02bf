/** etcd as the suites on quorums measure it. */
import { etcd } from 'holdfast/etcd'
import type { QuorumEngine } from '../quorum/engine.ts'
import { bareEtcdLock } from './bare-lock.ts'
import { withCluster } from './cluster.ts'

export const etcdEngine: QuorumEngine = {
  scheme: 'etcd',
  title: 'etcd of three members',
  within: withCluster,
  store: (url) => etcd(url),
  bare: (url, names) => bareEtcdLock(url.replace('etcd:', 'http:'), names),
  barePair: 'a bare create and delete',
  p50Max: 1.25,
  // The shortest that an etcd grants which is not told otherwise. It looks for leases that ended twice a second, and their end is agreed on.
  crash: { ttlMs: 2_000, lateMs: 1_500 },
  // The first second is that of the election timeout of an etcd that is not told otherwise.
  gapMsMax: 2_000,
  crowdCosts: ({ Txn = 0, Range = 0 }, handOffs) => [
    { what: 'transactions per hand-off', unit: '', value: Txn / handOffs, target: { atMost: 2.01 } },
    { what: 'reads per hand-off', unit: '', value: Range / handOffs },
  ],
  // Each bare pair deletes once and has one transaction.
  turnCosts: (where, { Txn = 0, Range = 0, DeleteRange = 0 }, turns) => [
    { what: `${where}: transactions per turn, entering included`, unit: '', value: (Txn - DeleteRange) / turns },
    { what: `${where}: reads per turn`, unit: '', value: Range / turns },
  ],
  leaseCosts: (where, { LeaseKeepAlive = 0 }) => [
    {
      what: `${where}: keepalives, with those while they were taken and given back`,
      unit: '',
      value: LeaseKeepAlive,
    },
  ],
}
