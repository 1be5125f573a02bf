/** What the replays on etcd have in common: three members, and what one of them says when it is asked past every client. */
import type { Engine } from '@holdfast/testbed/engines/engine'
import { type EtcdCluster, type EtcdClusterOptions, startCluster } from '@holdfast/testbed/engines/etcd/cluster'
import type { Member } from '@holdfast/testbed/engines/driver'
import type { ScenarioSetup } from '../scenario-setup.ts'
import { SEAT } from '../steps.ts'

const ANSWER_WITHIN_MS = 5_000

export interface Members extends EtcdCluster {
  readonly first: Member
}

export async function members(setup: ScenarioSetup, options: EtcdClusterOptions = {}): Promise<Members> {
  const cluster = await setup.keep(startCluster(options))
  const [first] = cluster.members
  if (first === undefined) throw new Error('a cluster has members')
  return Object.assign(cluster, { first })
}

/** How many leases are alive: one for each process that holds or waits. */
export async function leaseCount(engine: Engine): Promise<number> {
  const { leases = [] } = await ask<{ leases?: readonly unknown[] }>(engine, 'lease/leases', {})
  return leases.length
}

/** How many keys stand in the line of the lock that all replays fight for, of each lock that is played. */
export async function claimCount(engine: Engine): Promise<number> {
  const everything = Buffer.of(0).toString('base64')
  const request = { key: everything, range_end: everything, keys_only: true }
  const { kvs = [] } = await ask<{ kvs?: readonly { key: string }[] }>(engine, 'kv/range', request)
  const keys = kvs.map(({ key }) => Buffer.from(key, 'base64').toString())
  return keys.filter((key) => key.includes(`${SEAT}/`)).length
}

async function ask<Answer>({ url }: Engine, method: string, body: object): Promise<Answer> {
  const signal = AbortSignal.timeout(ANSWER_WITHIN_MS)
  const answer = await fetch(`${url}/v3/${method}`, { method: 'POST', body: JSON.stringify(body), signal })
  if (!answer.ok) throw new Error(await answer.text())
  return (await answer.json()) as Answer
}
