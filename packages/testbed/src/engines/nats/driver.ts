/** NATS on demand: the driver's exports, and the ways to start several servers. */
import type { Shape } from '../driver.ts'
import { singles } from '../group.ts'
import { startCluster } from './cluster.ts'
import { start } from './server.ts'

export { engineName, locate, packages, ping, start } from './server.ts'

export const shapes: { readonly single: Shape; readonly cluster: Shape } = {
  single: singles('nats', start),
  cluster: {
    about: 'one NATS of several members (3 to 5, default 3)',
    counts: { min: 3, max: 5 },
    hasReplicas: false,
    start: startCluster,
  },
}
