/** Every store, and how it is put to the test. A folder of a store without a row here fails the conformance test. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { createPool as createMariadbPool } from 'mariadb'
import { createPool as createMysql2Pool } from 'mysql2/promise'
import { Pool } from 'pg'
import postgresJs from 'postgres'
import type { Bench } from '../testing/index.ts'
import { EngineNotAvailable, type Engine as Server, type Release } from '@holdfast/testbed/engines/engine'
import * as dynamodbServer from '@holdfast/testbed/engines/dynamodb/server'
import * as etcdServer from '@holdfast/testbed/engines/etcd/server'
import { type RedisCluster, startCluster } from '@holdfast/testbed/engines/redis/cluster'
import * as mariadbServer from '@holdfast/testbed/engines/mariadb/server'
import * as mysqlServer from '@holdfast/testbed/engines/mysql/server'
import * as kubernetesServer from '@holdfast/testbed/engines/kubernetes/server'
import * as natsServer from '@holdfast/testbed/engines/nats/server'
import * as pgbouncerServer from '@holdfast/testbed/engines/pgbouncer/server'
import * as postgresServer from '@holdfast/testbed/engines/postgres/server'
import * as redisServer from '@holdfast/testbed/engines/redis/server'
import * as zookeeperServer from '@holdfast/testbed/engines/zookeeper/server'
import { dynamodbBench, kubernetesBench, natsBench } from './record-benches.fixture.ts'
import { ensembleBench, etcdBench, quorumBench, zookeeperBench } from './session-benches.fixture.ts'
import { memory, memoryEngine } from './memory/index.ts'
import { mysql, type MysqlPool } from './mysql/index.ts'
import { postgres } from './postgres/index.ts'
import { redis } from './redis/index.ts'
import { redlock } from './redlock/index.ts'
import { Remote, type RemoteOptions } from './records/remote.fixture.ts'
import { sqlite } from './sqlite/index.ts'

const memoryBench = (time: Bench['time']): Bench => ({
  name: `memory, ${time} time`,
  time,
  async start() {
    const engine = memoryEngine()
    return { store: () => memory(engine), stop: async () => undefined }
  },
})

const recordsBench = (options: RemoteOptions, time: Bench['time']): Bench => ({
  name: `records, expiry by ${options.expiry === 'engine' ? 'the engine' : 'observation'}, ${options.wakeUp}, ${time} time`,
  time,
  async start() {
    const remote = new Remote(options)
    return { store: () => remote.store(), stop: async () => undefined }
  },
})

const sqliteBench = (time: Bench['time']): Bench => ({
  name: `sqlite, ${time} time`,
  time,
  async start() {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-'))
    return {
      store: () => sqlite({ path: join(folder, 'locks.db') }),
      stop: async () => rmSync(folder, { recursive: true }),
    }
  },
})

/** One server for a whole run, started by the first case; it ends with the process. Every case uses names of its own. */
const redisBench = (): Bench => {
  let server: Promise<Server> | undefined
  return {
    name: 'redis, real time',
    time: 'real',
    async start() {
      server ??= redisServer.start()
      const { url } = await server
      return { store: () => redis(url), stop: async () => undefined }
    },
  }
}

/** One server and one pool for a whole run. Each store brings two connections more. */
const postgresBench = (release: Release = 'stable'): Bench => {
  let pool: Promise<Pool> | undefined
  const connect = async (): Promise<Pool> => {
    const { url } = await postgresServer.start({ release, config: { max_connections: '1000' } })
    return new Pool({ connectionString: url, max: 20 }).on('error', () => undefined)
  }
  return {
    name: release === 'newer' ? 'newer postgres, real time' : 'postgres, real time',
    time: 'real',
    async start() {
      const shared = await (pool ??= connect())
      return { store: () => postgres(shared), stop: async () => undefined }
    },
  }
}

/** The same with the other driver. */
const postgresJsBench = (): Bench => {
  let sql: Promise<postgresJs.Sql> | undefined
  const connect = async (): Promise<postgresJs.Sql> => {
    const { url } = await postgresServer.start({ config: { max_connections: '1000' } })
    return postgresJs(url, { max: 20 })
  }
  return {
    name: 'postgres by the driver postgres, real time',
    time: 'real',
    async start() {
      const shared = await (sql ??= connect())
      return { store: () => postgres(shared), stop: async () => undefined }
    },
  }
}

/** The same behind a pooler, where LISTEN is deaf and a statement meets any connection of the server. */
const pgbouncerBench = (): Bench => {
  let pool: Promise<Pool> | undefined
  const connect = async (): Promise<Pool> => {
    const { url } = await pgbouncerServer.start({ before: await postgresServer.start() })
    return new Pool({ connectionString: url, max: 20 }).on('error', () => undefined)
  }
  return {
    name: 'postgres behind pgbouncer, real time',
    time: 'real',
    async start() {
      const shared = await (pool ??= connect())
      return { store: () => postgres(shared), stop: async () => undefined }
    },
  }
}

const mysqlPools = {
  mysql2: (uri: string): MysqlPool => createMysql2Pool({ uri, connectionLimit: 20 }),
  mariadb: (url: string): MysqlPool => createMariadbPool(`${url.replace(/^\w+/, 'mariadb')}?connectionLimit=20`),
} as const

/** One server for both drivers, and one pool of each for a whole run. Each store brings two connections more. */
const mysqlBenches = (
  server: typeof mariadbServer | typeof mysqlServer,
  drivers: readonly (keyof typeof mysqlPools)[],
): readonly Bench[] => {
  let engine: Promise<Server> | undefined
  return drivers.map((driver): Bench => {
    let pool: MysqlPool | undefined
    return {
      name: `${server.engineName} over ${driver}, real time`,
      time: 'real',
      async start() {
        const { url } = await (engine ??= server.start({ config: { 'max-connections': '3000' } }))
        const shared = (pool ??= mysqlPools[driver](url))
        return { store: () => mysql(shared), stop: async () => undefined }
      },
    }
  })
}

/** Three primaries for a whole run. Here a store waits on sharded channels, asks for each slot alone, and gets hints for pushes. */
const clusterBench = (): Bench => {
  let cluster: Promise<RedisCluster> | undefined
  return {
    name: 'redis cluster, real time',
    time: 'real',
    async start() {
      cluster ??= startCluster()
      const { masters } = await cluster
      const hosts = masters.map(({ engine }) => `${engine.host}:${engine.port}`)
      return { store: () => redis(`redis+cluster://${hosts.join(',')}`), stop: async () => undefined }
    },
  }
}

/** Five independent servers for a whole run, and one client of each: hundreds of stores are opened in one moment here. */
const redlockBench = (): Bench => {
  let clients: Promise<readonly Redis[]> | undefined
  const connect = async (): Promise<readonly Redis[]> => {
    const servers = await Promise.all(Array.from({ length: 5 }, () => redisServer.start()))
    return servers.map(({ url }) => new Redis(url))
  }
  return {
    name: 'redlock, real time',
    time: 'real',
    async start() {
      const nodes = await (clients ??= connect())
      return { store: () => redlock(nodes), stop: async () => undefined }
    },
  }
}

/** Stores whose engine cannot be had on this machine, and why. With CI=true that is a reason for newer releases alone. */
export const absent: Record<string, string> = {}

async function ifAvailable(
  engine: string,
  locate: (release: Release) => Promise<unknown>,
  rows: readonly Bench[],
  release: Release = 'stable',
): Promise<readonly Bench[]> {
  try {
    await locate(release)
    return rows
  } catch (error) {
    const isMandatory = release === 'stable' && process.env['CI'] === 'true'
    if (!(error instanceof EngineNotAvailable) || isMandatory) throw error
    absent[engine] = error.message
    return []
  }
}

export const benches: Readonly<Record<string, readonly Bench[]>> = {
  dynamodb: await ifAvailable('dynamodb', dynamodbServer.locate, [dynamodbBench()]),
  etcd: await ifAvailable('etcd', etcdServer.locate, [etcdBench(), quorumBench()]),
  kubernetes: await ifAvailable('kubernetes', kubernetesServer.locate, [kubernetesBench()]),
  memory: [memoryBench('virtual'), memoryBench('real')],
  mysql: [
    ...(await ifAvailable('mariadb', mariadbServer.locate, mysqlBenches(mariadbServer, ['mysql2', 'mariadb']))),
    ...(await ifAvailable('mysql', mysqlServer.locate, mysqlBenches(mysqlServer, ['mysql2']), 'newer')),
  ],
  nats: await ifAvailable('nats', natsServer.locate, [natsBench()]),
  postgres: [
    ...(await ifAvailable('postgres', postgresServer.locate, [postgresBench(), postgresJsBench()])),
    ...(await ifAvailable('newer postgres', postgresServer.locate, [postgresBench('newer')], 'newer')),
    ...(await ifAvailable('pgbouncer', pgbouncerServer.locate, [pgbouncerBench()])),
  ],
  records: [
    recordsBench({ expiry: 'engine', wakeUp: 'push' }, 'virtual'),
    recordsBench({ expiry: 'engine', wakeUp: 'poll' }, 'virtual'),
    recordsBench({ expiry: 'observed', wakeUp: 'push' }, 'virtual'),
    recordsBench({ expiry: 'observed', wakeUp: 'poll' }, 'virtual'),
  ],
  redis: await ifAvailable('redis', redisServer.locate, [redisBench(), clusterBench()]),
  redlock: await ifAvailable('redlock', redisServer.locate, [redlockBench()]),
  sqlite: [sqliteBench('virtual'), sqliteBench('real')],
  zookeeper: await ifAvailable('zookeeper', zookeeperServer.locate, [zookeeperBench(), ensembleBench()]),
}
