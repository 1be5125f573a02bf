/** Redis under a run: one server, and a replica that takes over where a failover is asked for. */
import type { Engine } from '@holdfast/testbed/engines/engine'
import { RespConnection } from '@holdfast/testbed/engines/redis/resp'
import { start } from '@holdfast/testbed/engines/redis/server'
import { until } from '@holdfast/testbed/engines/until'
import { openProxy, type Proxy } from '@holdfast/testbed/proxy/proxy'
import { type Closing, closeAll } from './disposal.ts'
import { command, offsetOf, replicationOf } from './command.ts'
import type { EnvironmentServer, Persistence, Succeeded, Succession } from './environment.ts'
import type { Follower, Redirect, ServerKind } from './server-environment.ts'

const LINKED_WITHIN_MS = 15_000
const TIME_WITHIN_MS = 1_000
/** Not among the keys of the locks. */
const CANARY = 'holdfast-lab-canary'

export const redisKind: ServerKind = {
  count: 1,
  start: ({ folder, environment }, persistence) =>
    start({
      aof: persistence,
      ...(folder !== undefined && { folder }),
      ...(environment !== undefined && { environment }),
    }),
  remember: async (engine, word) => void (await command(engine, 'SET', CANARY, word)),
  async recall(engine) {
    const word = await command(engine, 'GET', CANARY)
    return typeof word === 'string' ? word : undefined
  },
  async wallMs({ url }) {
    await using connection = await RespConnection.open(url, { withinMs: TIME_WITHIN_MS })
    const time = await connection.command('TIME')
    const [seconds, microseconds] = String(time).split(',')
    return Number(seconds) * 1_000 + Number(microseconds) / 1_000
  },
  split: (storeUrl) => [storeUrl],
  join: ([url = '']) => url,
  follow,
}

/** One of two, and the proxy through which the other one follows it. */
interface Half {
  readonly engine: Engine
  readonly link: Proxy
}

async function follow(primary: EnvironmentServer, persistence: Persistence): Promise<Follower> {
  const environment = primary.clock?.environment
  const closing: Closing[] = []
  try {
    const engine = await start({ aof: persistence, ...(environment !== undefined && { environment }) })
    closing.push(() => engine.close())
    const first = await halfOf(primary.engine, closing)
    const second = await halfOf(engine, closing)
    await obey(second, first)
    return {
      succession: (redirect) => new Pair(first, second, redirect, primary),
      close: () => closeAll(closing),
    }
  } catch (error) {
    await closeAll(closing)
    throw error
  }
}

async function halfOf(engine: Engine, closing: Closing[]): Promise<Half> {
  const link = await openProxy(engine)
  closing.push(() => link.close())
  return { engine, link }
}

class Pair implements Succession {
  #primary: Half
  #replica: Half
  readonly #redirect: Redirect
  readonly name: string
  readonly alone: Succession['alone']

  constructor(primary: Half, replica: Half, redirect: Redirect, server: EnvironmentServer) {
    this.#primary = primary
    this.#replica = replica
    this.#redirect = redirect
    this.name = server.name
    this.alone = (work) => server.alone(work)
  }

  /**
   * The replica hears nothing for a while, as when the network between the two is slow, and then the primary dies. A
   * stopped replica would not do: it catches up from what its kernel has received, though its primary is dead.
   */
  async failOver(deafMs: number, sleep: (ms: number) => Promise<void>): Promise<Succeeded> {
    const [dying, heir] = [this.#primary, this.#replica]
    dying.link.set({ kind: 'black-hole' })
    await sleep(deafMs)
    const toldBytes = await offsetOf(dying.engine, 'master_repl_offset')
    const heardBytes = await offsetOf(heir.engine, 'slave_repl_offset')
    await dying.engine.kill()
    await command(heir.engine, 'REPLICAOF', 'NO', 'ONE')
    this.#redirect(heir.engine)
    dying.link.set({ kind: 'pass' })
    await dying.engine.restart()
    await obey(dying, heir)
    this.#primary = heir
    this.#replica = dying
    return { behindBytes: toldBytes - heardBytes, end: 'killed' }
  }
}

async function obey(follower: Half, leader: Half): Promise<void> {
  await command(follower.engine, 'REPLICAOF', leader.link.host, leader.link.port)
  await until(async () => (await replicationOf(follower.engine)).includes('master_link_status:up'), {
    withinMs: LINKED_WITHIN_MS,
    what: 'that the replica follows',
  })
}
