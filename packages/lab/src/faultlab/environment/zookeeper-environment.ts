/** ZooKeeper under a run: three servers, which elect a leader again when theirs is gone, and can be cut off from each other. */
import { startEnsemble } from '@holdfast/testbed/engines/zookeeper/cluster'
import { ensembleOf, memberUrls } from './ensemble.ts'
import type { ServerKind } from './server-environment.ts'

/** Sessions are counted in ticks, so that a lease of a second is not waited for too long. */
const TICK_MS = 250
const SYNC_LIMIT = 4
/** How long a follower may answer without its leader. */
const LAG_MS = SYNC_LIMIT * TICK_MS + TICK_MS / 2

/** What a client has to know of servers that are set up so. */
export const zookeeperSettings: string = `?followerLag=${LAG_MS}ms`
export const zookeeperTicks: Readonly<Record<string, string>> = {
  tickTime: String(TICK_MS),
  syncLimit: String(SYNC_LIMIT),
  // A proxy takes the connection to a leader that does not listen yet, and the leader waits for the follower so long.
  initLimit: '10',
}

export const zookeeperKind: ServerKind = {
  count: 3,
  together: async (options) =>
    ensembleOf(
      await startEnsemble({ count: options.length, hosts: options, isParted: true, settings: zookeeperTicks }),
    ),
  settings: zookeeperSettings,
  ...memberUrls('zookeeper'),
}
