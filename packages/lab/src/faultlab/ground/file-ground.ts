/** A lock file: every process opens it by itself, so there is no server and no way to it. */
import type { Ground, GroundRequest } from './ground.ts'
import { openWorkerClocks } from './worker-clocks.ts'

export async function openFileGround({ storeUrl, places, needs }: GroundRequest): Promise<Ground> {
  const clocks = await openWorkerClocks(needs.has('worker-clock') ? places : [])
  const close = async (): Promise<void> => clocks.close()
  return {
    urlFor: () => storeUrl,
    environmentFor: (place) => clocks.of(place)?.environment ?? {},
    ways: [],
    servers: [],
    succession: undefined,
    mayForget: () => true,
    clockOf: (place) => clocks.of(place),
    close,
    [Symbol.asyncDispose]: close,
  }
}
