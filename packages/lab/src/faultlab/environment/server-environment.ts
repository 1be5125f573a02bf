/** Servers, made by the run or given by the user, each with a proxy before it for every worker. */
import type { Engine, StartOptions } from '@holdfast/testbed/engines/engine'
import { type FragileDisk, openFragileDisk } from '@holdfast/testbed/os/fragile-disk'
import { openSkewedClock, type SkewedClock } from '@holdfast/testbed/os/skewed-clock'
import { type Closing, closeAll } from './disposal.ts'
import type {
  Environment,
  EnvironmentRequest,
  EnvironmentServer,
  Memory,
  Persistence,
  Succession,
} from './environment.ts'
import { oneAtATime } from './one-at-a-time.ts'
import { Route } from './route.ts'
import { openWorkerClocks } from './worker-clocks.ts'

/** What the stores that consist of servers differ in. A store of several independent servers is one more of these. */
export interface ServerKind {
  /** How many the run starts for itself. */
  readonly count: number
  start(options: StartOptions, persistence: Persistence): Promise<Engine>
  /** A word beside the locks, by which a loss of data is seen. */
  remember(engine: Engine, word: string): Promise<void>
  recall(engine: Engine): Promise<string | undefined>
  /** The server's own clock; needed where that is set. */
  wallMs?(engine: Engine): Promise<number>
  /** A user's store URL as the URLs of its servers, and back; `called`: the servers themselves, where there is a proxy between. */
  split(storeUrl: string): string[]
  join(serverUrls: readonly string[], called: readonly string[]): string
  /** How many servers may lose their data within which time. Without it, all of them at any time. */
  readonly stands?: { readonly servers: number; withinMs(ttlMs: number): number }
  /** Starts what takes over from the first server; needed for a failover. */
  follow?(primary: EnvironmentServer, persistence: Persistence): Promise<Follower>
}

/** How the routes learn where the primary is now. */
export type Redirect = (primary: Engine) => void

export interface Follower {
  succession(redirect: Redirect): Succession
  close(): Promise<void>
}

export async function openServerEnvironment(kind: ServerKind, request: EnvironmentRequest): Promise<Environment> {
  const closing: Closing[] = []
  try {
    return await built(kind, request, closing)
  } catch (error) {
    await closeAll(closing)
    throw error
  }
}

async function built(kind: ServerKind, request: EnvironmentRequest, closing: Closing[]): Promise<Environment> {
  const { storeUrl, isOwn, places, needs, persistence } = request
  const servers: OwnServer[] = []
  for (let index = 0; isOwn && index < kind.count; index += 1) {
    servers.push(await startOne(kind, request, index, closing))
  }
  const urls = isOwn ? servers.map(({ engine }) => engine.url) : kind.split(storeUrl)
  const routes: Route[] = []
  for (const place of places) {
    for (const [server, url] of urls.entries()) {
      const route = await Route.open(place, server, targetOf(url))
      closing.push(() => route.close())
      routes.push(route)
    }
  }
  const clocks = await openWorkerClocks(needs.has('worker-clock') ? places : [])
  closing.push(async () => clocks.close())
  const [first] = servers
  const follower = needs.has('replica') && first !== undefined ? await kind.follow?.(first, persistence) : undefined
  if (follower !== undefined) closing.push(() => follower.close())
  const redirect: Redirect = (primary) => {
    urls[0] = primary.url
    if (first !== undefined) first.engine = primary
    for (const route of routes) route.leadTo(primary)
  }
  const close = (): Promise<void> => closeAll(closing)
  return {
    mayForget: losses(kind, request.ttlMs),
    urlFor: (place) => {
      const routed = urls.map((url, server) => routeOf(routes, place, server)?.through(url) ?? url)
      return kind.join(routed, urls)
    },
    environmentFor: (place) => clocks.of(place)?.environment ?? {},
    routes,
    servers,
    successions: follower === undefined ? [] : [follower.succession(redirect)],
    namespaceLike: async (wish) => wish,
    clockOf: (place) => clocks.of(place),
    close,
    [Symbol.asyncDispose]: close,
  }
}

async function startOne(
  kind: ServerKind,
  { needs, persistence }: EnvironmentRequest,
  index: number,
  closing: Closing[],
): Promise<OwnServer> {
  const clock = needs.has('server-clock') ? await openSkewedClock() : undefined
  if (clock !== undefined) closing.push(async () => clock.close())
  const disk = needs.has('disk') ? await openFragileDisk() : undefined
  if (disk !== undefined) closing.push(() => disk.close())
  const options = {
    ...(clock !== undefined && { environment: clock.environment }),
    ...(disk !== undefined && { folder: disk.folder }),
  }
  const engine = await kind.start(options, persistence)
  closing.push(() => engine.close())
  return new OwnServer(`server ${index + 1}`, { kind, engine, clock, disk, syncs: persistence === 'always' })
}

interface OwnServerParts {
  readonly kind: ServerKind
  readonly engine: Engine
  readonly clock: SkewedClock | undefined
  readonly disk: FragileDisk | undefined
  readonly syncs: boolean
}

class OwnServer implements EnvironmentServer {
  readonly name: string
  engine: Engine
  readonly clock: SkewedClock | undefined
  readonly disk: FragileDisk | undefined
  readonly syncs: boolean
  readonly memory: Memory
  readonly alone: EnvironmentServer['alone'] = oneAtATime()
  readonly #kind: ServerKind

  constructor(name: string, { kind, engine, clock, disk, syncs }: OwnServerParts) {
    this.name = name
    this.engine = engine
    this.clock = clock
    this.disk = disk
    this.syncs = syncs
    this.memory = {
      remember: (word) => kind.remember(this.engine, word),
      recalls: async (word) => (await kind.recall(this.engine)) === word,
    }
    this.#kind = kind
  }

  async wallMs(): Promise<number> {
    if (this.#kind.wallMs === undefined) throw new Error(`${this.name} does not tell its time`)
    return await this.#kind.wallMs(this.engine)
  }
}

/** Each yes is a loss that is counted. */
function losses({ stands }: ServerKind, ttlMs: number): () => boolean {
  const lostAtMs: number[] = []
  return () => {
    if (stands === undefined) return true
    const now = performance.now()
    if (lostAtMs.filter((atMs) => atMs > now - stands.withinMs(ttlMs)).length >= stands.servers) return false
    lostAtMs.push(now)
    return true
  }
}

function routeOf(routes: readonly Route[], place: string | undefined, server: number): Route | undefined {
  return routes.find((route) => route.place === place && route.server === server)
}

function targetOf(url: string): { readonly host: string; readonly port: number } {
  const { protocol, hostname, port } = new URL(url)
  const byDefault = PORTS.get(protocol) ?? REDIS_PORT
  return { host: hostname === '' ? '127.0.0.1' : hostname, port: port === '' ? byDefault : Number(port) }
}

const REDIS_PORT = 6379
const PORTS: ReadonlyMap<string, number> = new Map([
  ['postgres:', 5432],
  ['postgresql:', 5432],
  ['mysql:', 3306],
  ['mariadb:', 3306],
])
