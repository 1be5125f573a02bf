/** Several servers that know nothing of each other, and for each client its own routes to them. */
import type { Engine } from '@holdfast/testbed/engines/engine'
import type { Proxy } from '@holdfast/testbed/proxy/proxy'
import type { ScenarioSetup } from '../scenario-setup.ts'
import { openRoute } from '../redis/setup.ts'

export interface Routes {
  /** All servers as one store, through the proxies. */
  readonly url: string
  /** In the order of the servers. */
  readonly proxies: readonly Proxy[]
}

export async function openRoutes(setup: ScenarioSetup, engines: readonly Engine[]): Promise<Routes> {
  const made = await Promise.all(engines.map((engine) => openRoute(setup, engine)))
  const places = made.map(({ url }) => new URL(url).host)
  // Each client has other addresses for them, and all have to call them alike.
  const names = engines.map(({ host, port }) => `${host}:${port}`)
  return { url: `redlock://${places.join(',')}?names=${names.join(',')}`, proxies: made.map(({ proxy }) => proxy) }
}
