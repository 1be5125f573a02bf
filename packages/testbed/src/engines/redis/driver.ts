/** Redis on demand: the driver's exports, and the ways to start several servers. */
import type { Shape } from '../driver.ts'
import { gather } from '../group.ts'
import { startCluster } from './cluster.ts'
import { startSentinel } from './sentinel.ts'
import { start } from './server.ts'

export { engineName, locate, packages, ping, start } from './server.ts'

export const shapes: { readonly single: Shape; readonly cluster: Shape; readonly sentinel: Shape } = {
  single: {
    about: 'independent servers, as Redlock wants them (1 to 9, default 1)',
    counts: { min: 1, max: 9 },
    hasReplicas: false,
    start: ({ count = 1, proxied = false, ...options }) =>
      gather(async (gathering) => {
        const plans = Array.from({ length: count }, (_, index) => ({
          name: `redis ${index + 1}`,
          start: ({ port }: { port: number }) => start({ ...options, port }),
        }))
        await gathering.add(plans, proxied)
        return { url: undefined }
      }),
  },
  cluster: {
    about: 'masters of one Redis Cluster (3 to 5, default 3), with --replicas N (0 to 2) each',
    counts: { min: 3, max: 5 },
    hasReplicas: true,
    start: ({ count: masters, ...options }) => startCluster({ ...options, ...(masters !== undefined && { masters }) }),
  },
  sentinel: {
    about: 'a primary and its replicas (2 to 3 servers in all, default 2), watched by three sentinels',
    counts: { min: 2, max: 3 },
    hasReplicas: false,
    start: ({ count = 2, ...options }) => startSentinel({ ...options, replicas: count - 1 }),
  },
}
