/** Several servers that know nothing of each other, and for each client its own ways to them. */
import type { Engine } from '@holdfast/testbed/engines/engine'
import type { Proxy } from '@holdfast/testbed/proxy/proxy'
import type { ScenarioSetup } from '../scenario-setup.ts'
import { way } from '../redis/setup.ts'

export interface Ways {
  /** All servers as one store, through the proxies. */
  readonly url: string
  /** In the order of the servers. */
  readonly proxies: readonly Proxy[]
}

export async function waysTo(stage: ScenarioSetup, engines: readonly Engine[]): Promise<Ways> {
  const made = await Promise.all(engines.map((engine) => way(stage, engine)))
  const places = made.map(({ url }) => new URL(url).host)
  // Each client has other addresses for them, and all have to call them alike.
  const names = engines.map(({ host, port }) => `${host}:${port}`)
  return { url: `redlock://${places.join(',')}?names=${names.join(',')}`, proxies: made.map(({ proxy }) => proxy) }
}
