/** Several servers that know nothing of each other, and for each client its own ways to them. */
import type { Engine } from '../../../engines/engine.ts'
import type { Proxy } from '../../../proxy/proxy.ts'
import type { Stage } from '../stage.ts'
import { way } from '../redis/scene.ts'

export interface Ways {
  /** All servers as one store, through the proxies. */
  readonly url: string
  /** In the order of the servers. */
  readonly proxies: readonly Proxy[]
}

export async function waysTo(stage: Stage, engines: readonly Engine[]): Promise<Ways> {
  const made = await Promise.all(engines.map((engine) => way(stage, engine)))
  const places = made.map(({ url }) => new URL(url).host)
  return { url: `redlock://${places.join(',')}`, proxies: made.map(({ proxy }) => proxy) }
}
