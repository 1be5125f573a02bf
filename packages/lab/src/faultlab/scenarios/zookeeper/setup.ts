/** What the replays on ZooKeeper have in common: three servers, and what a client has to know of them. */
import type { Member } from '@holdfast/testbed/engines/driver'
import {
  type EnsembleOptions as ZookeeperEnsembleOptions,
  startEnsemble,
  type ZookeeperEnsemble,
} from '@holdfast/testbed/engines/zookeeper/cluster'
import { zookeeperSettings, zookeeperTicks } from '../../environment/zookeeper-environment.ts'
import type { ScenarioSetup } from '../scenario-setup.ts'

export async function members(
  setup: ScenarioSetup,
  options: Pick<ZookeeperEnsembleOptions, 'isParted'> = {},
): Promise<ZookeeperEnsemble> {
  const ensemble = await setup.keep(startEnsemble({ ...options, settings: zookeeperTicks }))
  return { ...ensemble, url: `${ensemble.url}${zookeeperSettings}` }
}

/** These alone. */
export function urlOf(some: readonly Pick<Member['engine'], 'host' | 'port'>[]): string {
  return `zookeeper://${some.map(({ host, port }) => `${host}:${port}`).join(',')}${zookeeperSettings}`
}
