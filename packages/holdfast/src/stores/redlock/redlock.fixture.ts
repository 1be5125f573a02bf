/** Several real servers, each behind a proxy where a test wants to disturb the way to it. */
import type { Engine } from '@holdfast/testbed/engines/engine'
import type { RedisOptions } from '@holdfast/testbed/engines/redis/server'
import { openProxy, type Proxy } from '@holdfast/testbed/proxy/proxy'
import { NotApplied, OutcomeUnknown, StoreUnavailable } from '../../store/errors.ts'
import type { Claim } from '../../store/claim.ts'
import type { OpenStore } from '../../store/store.ts'
import type { Held, Standing } from '../../store/standing.ts'
import { Stage } from '../redis/redis.fixture.ts'

export { claim, held, takeAndLeave } from '../redis/redis.fixture.ts'

export class RedlockStage extends Stage {
  servers(count: number, options: RedisOptions = {}): Promise<readonly Engine[]> {
    return Promise.all(Array.from({ length: count }, () => this.server(options)))
  }

  /** `names`: what those call the servers who have no proxy in between. */
  async proxied(servers: readonly Engine[]): Promise<{
    readonly proxies: readonly Proxy[]
    readonly urls: string[]
    readonly names: readonly string[]
  }> {
    const proxies = await Promise.all(servers.map((server) => openProxy(server)))
    this.ending(() => Promise.all(proxies.map((proxy) => proxy.close())))
    return {
      proxies,
      urls: servers.map(({ url }, index) => proxies[index]?.through(url) ?? url),
      names: servers.map(({ host, port }) => `${host}:${port}`),
    }
  }
}

/** As core does with what a store may throw, and with a place in the line. */
export async function turnOf(store: OpenStore, claim: Claim, withinMs = 5_000): Promise<Held> {
  const endsAtMs = performance.now() + withinMs
  for (;;) {
    const standing = await patiently(() => store.enter(claim), endsAtMs)
    if (standing?.kind === 'held') return standing
    if (performance.now() > endsAtMs) throw new Error(`no turn within ${withinMs} ms`)
    const inMs = standing?.kind === 'queued' ? Math.min(standing.recheckInMs ?? 20, 20) : 5
    await new Promise((resolve) => setTimeout(resolve, inMs))
  }
}

async function patiently(ask: () => Promise<Standing>, endsAtMs: number): Promise<Standing | undefined> {
  try {
    return await ask()
  } catch (error) {
    const isPassing =
      error instanceof NotApplied || error instanceof OutcomeUnknown || error instanceof StoreUnavailable
    if (!isPassing || performance.now() > endsAtMs) throw error
    return undefined
  }
}
