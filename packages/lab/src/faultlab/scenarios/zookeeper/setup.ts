/** What the replays on ZooKeeper have in common: three servers, and what a client has to know of them. */
import type { Member } from '@holdfast/testbed/engines/driver'
import { startEnsemble, type ZookeeperEnsemble } from '@holdfast/testbed/engines/zookeeper/cluster'
import { zookeeperSettings, zookeeperTicks } from '../../environment/zookeeper-environment.ts'
import type { ScenarioSetup } from '../scenario-setup.ts'

export async function members(setup: ScenarioSetup): Promise<ZookeeperEnsemble> {
  const ensemble = await setup.keep(startEnsemble({ isParted: true, settings: zookeeperTicks }))
  return { ...ensemble, url: `${ensemble.url}${zookeeperSettings}` }
}

/** These alone. */
export function urlOf(some: readonly Pick<Member['engine'], 'host' | 'port'>[]): string {
  return `zookeeper://${some.map(({ host, port }) => `${host}:${port}`).join(',')}${zookeeperSettings}`
}
