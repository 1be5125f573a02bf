/** A Redis Cluster: masters that share the slots evenly, each with as many replicas as asked for. */
import { type Group, type Member } from '../driver.ts'
import { gather, type Place } from '../group.ts'
import { until } from '../until.ts'
import { RespConnection, type RespValue } from './resp.ts'
import { type RedisOptions, start } from './server.ts'

const SLOTS = 16_384
/** A master waits two seconds after its start before it takes writes. */
const AGREED_WITHIN_MS = 20_000

export interface ClusterOptions extends Omit<RedisOptions, 'port' | 'replicaOf' | 'announcedPort' | 'sentinel'> {
  /** Default 3, the fewest that can elect. */
  readonly masters?: number
  /** Of each master; default 0. */
  readonly replicas?: number
  /** Clients and replicas come through a proxy of each node; the nodes' own bus does not. */
  readonly proxied?: boolean
  /** A node that is silent this long is held for dead; default 1 s. */
  readonly nodeTimeoutMs?: number
}

export interface RedisCluster extends Group {
  readonly masters: readonly Member[]
  readonly replicas: readonly Member[]
}

interface Node extends Member {
  readonly connection: RespConnection
  readonly id: string
  readonly busPort: number
}

export async function startCluster(options: ClusterOptions = {}): Promise<RedisCluster> {
  const {
    masters: masterCount = 3,
    replicas: replicasEach = 0,
    proxied = false,
    nodeTimeoutMs = 1_000,
    ...rest
  } = options
  const names = Array.from({ length: masterCount * (1 + replicasEach) }, (_, index) =>
    index < masterCount
      ? `master ${index + 1}`
      : `replica ${Math.floor(index / masterCount)} of master ${(index % masterCount) + 1}`,
  )
  return gather(async (gathering) => {
    const busPorts = new Map<number, number>()
    const plans = names.map((name) => ({
      name,
      start: async ({ port, announcedPort }: Place) => {
        const busPort = await gathering.reservePort()
        busPorts.set(port, busPort)
        return start({
          ...rest,
          port,
          config: { ...nodeConfig(announcedPort, busPort, nodeTimeoutMs), ...rest.config },
        })
      },
    }))
    const members = await gathering.add(plans, proxied)
    const nodes = await Promise.all(members.map((member) => nodeOf(member, busPorts.get(member.engine.port))))
    try {
      await join(nodes, masterCount)
    } finally {
      for (const { connection } of nodes) connection.close()
    }
    const seeds = members.slice(0, masterCount)
    return { url: undefined, masters: seeds, replicas: members.slice(masterCount) }
  })
}

function nodeConfig(announcedPort: number, busPort: number, nodeTimeoutMs: number): Record<string, string> {
  return {
    'cluster-enabled': 'yes',
    'cluster-config-file': 'nodes.conf',
    'cluster-node-timeout': String(nodeTimeoutMs),
    // Otherwise port + 10000, which may belong to any program.
    'cluster-port': String(busPort),
    'cluster-announce-ip': '127.0.0.1',
    'cluster-announce-port': String(announcedPort),
  }
}

async function nodeOf(member: Member, busPort = 0): Promise<Node> {
  const connection = await RespConnection.open(member.engine.url)
  const id = String(await connection.command('CLUSTER', 'MYID'))
  return { ...member, connection, id, busPort }
}

async function join(nodes: readonly Node[], masterCount: number): Promise<void> {
  const masters = nodes.slice(0, masterCount)
  const [first] = masters
  if (first === undefined) throw new Error('a cluster needs a master')
  for (const [index, master] of masters.entries()) {
    const firstSlot = Math.floor((SLOTS * index) / masterCount)
    const lastSlot = Math.floor((SLOTS * (index + 1)) / masterCount) - 1
    await master.connection.command('CLUSTER', 'ADDSLOTSRANGE', firstSlot, lastSlot)
    // Without epochs of their own two masters would settle the tie later, while the tests run.
    await master.connection.command('CLUSTER', 'SET-CONFIG-EPOCH', index + 1)
  }
  for (const node of nodes.slice(1)) {
    const { port } = node.engine
    await first.connection.command('CLUSTER', 'MEET', '127.0.0.1', port, node.busPort)
  }
  await agreed(nodes, `cluster_known_nodes:${nodes.length}\r\n`, 'that all nodes know each other')
  for (const [index, replica] of nodes.slice(masterCount).entries()) {
    const master = masters[index % masterCount] ?? first
    await until(() => follow(replica, master), { withinMs: AGREED_WITHIN_MS, what: `${replica.name} following` })
  }
  await agreed(nodes, 'cluster_state:ok', 'the agreement of the cluster')
  const replicaCount = nodes.length - masterCount
  for (const { connection, name } of nodes) {
    const all = (): Promise<boolean> =>
      connection.command('CLUSTER', 'NODES').then((list) => replicasIn(list) === replicaCount)
    await until(all, { withinMs: AGREED_WITHIN_MS, what: `${name} knowing all replicas` })
  }
}

/** Refused as long as the replica has not heard of its master. */
async function follow(replica: Node, master: Node): Promise<boolean> {
  await replica.connection.command('CLUSTER', 'REPLICATE', master.id)
  await until(
    async () => String(await replica.connection.command('INFO', 'replication')).includes('master_link_status:up'),
    { withinMs: AGREED_WITHIN_MS, what: `the link of ${replica.name}` },
  )
  return true
}

async function agreed(nodes: readonly Node[], line: string, what: string): Promise<void> {
  for (const { connection } of nodes) {
    const said = async (): Promise<boolean> => String(await connection.command('CLUSTER', 'INFO')).includes(line)
    await until(said, { withinMs: AGREED_WITHIN_MS, what })
  }
}

function replicasIn(list: RespValue): number {
  return String(list)
    .split('\n')
    .filter((line) => /\bslave\b/.test(line)).length
}
