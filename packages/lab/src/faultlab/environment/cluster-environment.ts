/** A Redis Cluster under a run: three masters with a replica each, which its own election puts in the place of a silent one. */
import type { Engine } from '@holdfast/testbed/engines/engine'
import { startCluster } from '@holdfast/testbed/engines/redis/cluster'
import { wholeForms } from '../traffic/order.ts'
import { command } from './command.ts'
import type { Electorate, Pair } from './group-environment.ts'
import type { Persistence } from './environment.ts'

const MASTERS = 3
const NODE_TIMEOUT_MS = 1_000
const NAMESPACE_TRIES_MAX = 1_000

export async function startClusterElectorate(persistence: Persistence): Promise<Electorate> {
  const { masters, replicas, members, close } = await startCluster({
    aof: persistence,
    masters: MASTERS,
    replicas: 1,
    nodeTimeoutMs: NODE_TIMEOUT_MS,
    config: { 'cluster-replica-no-failover': 'yes' },
  })
  const pairs = masters.flatMap(({ engine: primary }, index): Pair[] => {
    const replica = replicas[index]?.engine
    return replica === undefined ? [] : [{ name: `primary ${index + 1}`, primary, replica }]
  })
  const engines = members.map(({ engine }) => engine)
  return {
    url: `redis+cluster://${engines.map(({ port }) => `127.0.0.1:${port}`).join(',')}`,
    pairs,
    permit: async (heir, isPermitted) =>
      void (await command(heir, 'CONFIG', 'SET', 'cluster-replica-no-failover', isPermitted ? 'no' : 'yes')),
    hasChosen: async (heir) => String(await command(heir, 'ROLE')).startsWith('master'),
    agreesOn: (now) => agree(engines, now),
    namespaceLike: (wish) => namespaceOnAll(pairs, wish),
    close,
  }
}

/** Every node sees all slots served by these primaries, and considers none of them failed. */
async function agree(engines: readonly Engine[], pairs: readonly Pair[]): Promise<boolean> {
  const ports = pairs.map(({ primary }) => primary.port).toSorted((a, b) => a - b)
  for (const engine of engines) {
    if (!String(await command(engine, 'CLUSTER', 'INFO')).includes('cluster_state:ok')) return false
    const nodes = nodesIn(String(await command(engine, 'CLUSTER', 'NODES')))
    if (nodes.some(({ flags }) => flags.includes('fail') || flags.includes('fail?'))) return false
    const serving = nodes.filter(({ flags }) => flags.includes('master')).map(({ port }) => port)
    if (serving.toSorted((a, b) => a - b).join() !== ports.join()) return false
  }
  return true
}

interface Node {
  readonly port: number
  readonly flags: readonly string[]
}

function nodesIn(list: string): readonly Node[] {
  return list
    .trim()
    .split('\n')
    .map((line) => {
      const [, address = '', flags = ''] = line.split(' ')
      return { port: Number(/:(\d+)@/.exec(address)?.[1]), flags: flags.split(',') }
    })
}

/** A primary that decides on no lock could be hurt without any effect on the run. */
async function namespaceOnAll(pairs: readonly Pair[], wish: string): Promise<string> {
  const [asked] = pairs
  if (asked === undefined) return wish
  for (let tries = 0; tries < NAMESPACE_TRIES_MAX; tries += 1) {
    const namespace = `${wish}-${tries}`
    const owners = new Set<number>()
    for (const { k } of wholeForms) {
      const slot = Number(await command(asked.primary, 'CLUSTER', 'KEYSLOT', `{${namespace}!${k}}`))
      owners.add(Math.floor((slot * pairs.length) / SLOTS))
    }
    if (owners.size === pairs.length) return namespace
  }
  throw new Error(`no namespace like ${wish} has a lock on every primary, in ${NAMESPACE_TRIES_MAX} tries`)
}

/** Shared evenly, in the order of the primaries. */
const SLOTS = 16_384
