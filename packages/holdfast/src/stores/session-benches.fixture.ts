/** Engines of sessions, alone and of three. */
import type { Engine as Server } from '@holdfast/testbed/engines/engine'
import { type EtcdCluster, startCluster as startEtcdCluster } from '@holdfast/testbed/engines/etcd/cluster'
import * as etcdServer from '@holdfast/testbed/engines/etcd/server'
import { startEnsemble, type ZookeeperEnsemble } from '@holdfast/testbed/engines/zookeeper/cluster'
import * as zookeeperServer from '@holdfast/testbed/engines/zookeeper/server'
import type { Bench } from '../testing/index.ts'
import { etcd } from './etcd/index.ts'
import { zookeeper } from './zookeeper/index.ts'

/** One server for a whole run. */
export const etcdBench = (): Bench => {
  let server: Promise<Server> | undefined
  return {
    name: 'etcd, real time',
    time: 'real',
    async start() {
      server ??= etcdServer.start()
      const { host, port } = await server
      return { store: () => etcd(`etcd://${host}:${port}`), stop: async () => undefined }
    },
  }
}

/** Three members for a whole run; each store speaks to one of them. */
export const quorumBench = (): Bench => {
  let cluster: Promise<EtcdCluster> | undefined
  return {
    name: 'etcd of three members, real time',
    time: 'real',
    async start() {
      cluster ??= startEtcdCluster()
      const { url } = await cluster
      return { store: () => etcd(url), stop: async () => undefined }
    },
  }
}

const zookeeperExceptions: Bench['exceptions'] = {
  'while a lock-delay runs the line shows what lingers':
    'ZooKeeper tells nobody how much is left of a session, so a claim whose holder has stopped believing is shown as held until the session ends with its lock-delay; after an eviction it is shown as lingering',
}

/** One server for a whole run, which is its own leader. */
export const zookeeperBench = (): Bench => {
  let server: Promise<Server> | undefined
  return {
    name: 'zookeeper, real time',
    time: 'real',
    exceptions: zookeeperExceptions,
    async start() {
      server ??= zookeeperServer.start()
      const { url } = await server
      return { store: () => zookeeper(url), stop: async () => undefined }
    },
  }
}

/** Three servers for a whole run; each session of a store speaks to one of them. */
export const ensembleBench = (): Bench => {
  let ensemble: Promise<ZookeeperEnsemble> | undefined
  return {
    name: 'zookeeper of three servers, real time',
    time: 'real',
    exceptions: zookeeperExceptions,
    async start() {
      ensemble ??= startEnsemble()
      const { url } = await ensemble
      // Their syncLimit is 4 ticks of 500 ms.
      return { store: () => zookeeper(url, { followerLag: 2_250 }), stop: async () => undefined }
    },
  }
}
