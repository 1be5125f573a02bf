/** What the workers open by themselves, so that there is nothing between: a lock file, or servers of others that tell their clients where to go. */
import type { Environment, EnvironmentRequest } from './environment.ts'
import { openWorkerClocks } from './worker-clocks.ts'

export async function openPlainEnvironment({ storeUrl, places, needs }: EnvironmentRequest): Promise<Environment> {
  const clocks = await openWorkerClocks(needs.has('worker-clock') ? places : [])
  const close = async (): Promise<void> => clocks.close()
  return {
    urlFor: () => storeUrl,
    environmentFor: (place) => clocks.of(place)?.environment ?? {},
    routes: [],
    servers: [],
    successions: [],
    namespaceLike: async (wish) => wish,
    mayForget: () => true,
    clockOf: (place) => clocks.of(place),
    close,
    [Symbol.asyncDispose]: close,
  }
}
