/** ZooKeeper on demand: the driver's exports, and the ways to start several servers. */
import type { Shape } from '../driver.ts'
import { gather } from '../group.ts'
import { startEnsemble } from './cluster.ts'
import { start } from './server.ts'

export { engineName, locate, packages, ping, start } from './server.ts'

export const shapes: { readonly single: Shape; readonly quorum: Shape } = {
  single: {
    about: 'independent servers (1 to 3, default 1)',
    counts: { min: 1, max: 3 },
    hasReplicas: false,
    start: ({ count = 1, proxied = false, ...options }) =>
      gather(async (gathering) => {
        const plans = Array.from({ length: count }, (_, index) => ({
          name: `zookeeper ${index + 1}`,
          start: ({ port }: { port: number }) => start({ ...options, port }),
        }))
        await gathering.add(plans, proxied)
        return { url: undefined }
      }),
  },
  quorum: {
    about: 'one ZooKeeper of several members (3 to 5, default 3)',
    counts: { min: 3, max: 5 },
    hasReplicas: false,
    start: ({ count, proxied, release, storage, environment }) =>
      startEnsemble({
        ...(count !== undefined && { count }),
        ...(proxied !== undefined && { proxied }),
        ...(release !== undefined && { release }),
        ...(storage !== undefined && { storage }),
        ...(environment !== undefined && { environment }),
      }),
  },
}
