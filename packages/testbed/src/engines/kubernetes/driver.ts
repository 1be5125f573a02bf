/** The stand-in for Kubernetes on demand: the driver's exports, and the ways to start several servers. */
import type { Shape } from '../driver.ts'
import { singles } from '../group.ts'
import { start } from './server.ts'

export { engineName, locate, packages, ping, start } from './server.ts'

export const shapes: { readonly single: Shape } = { single: singles('kubernetes-stand-in', start) }
