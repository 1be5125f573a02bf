/** Servers, made by the run or given by the user, each with a proxy before it for every worker. */
import type { Engine, StartOptions } from '@holdfast/testbed/engines/engine'
import type { ProxyMode } from '@holdfast/testbed/proxy/mode'
import { type FragileDisk, openFragileDisk } from '@holdfast/testbed/os/fragile-disk'
import { openSkewedClock, type SkewedClock } from '@holdfast/testbed/os/skewed-clock'
import { type Closing, closeAll } from './disposal.ts'
import type {
  Environment,
  EnvironmentRequest,
  EnvironmentServer,
  Memory,
  Peers,
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
  /** Starts each of them alone; */
  start?(options: StartOptions, persistence: Persistence): Promise<Engine>
  /** or all of them at once, where they are one store together. */
  together?(options: readonly StartOptions[]): Promise<Ensemble>
  /** The room that a server needs on a disk of its own, where it is more than usual. */
  readonly diskMb?: number
  /** A word beside the locks, by which a loss of data is seen; needed where a server may lose some. */
  readonly remember?: ((engine: Engine, word: string) => Promise<void>) | undefined
  readonly recall?: ((engine: Engine) => Promise<string | undefined>) | undefined
  /** What clients have to know of the servers that a run starts, as the end of a URL. */
  readonly settings?: string
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

/** Servers that know each other, and of which one leads. */
export interface Ensemble {
  /** In the order of the options. */
  readonly engines: readonly Engine[]
  leads(engine: Engine): Promise<boolean>
  /** See `Peers`. */
  isolate(engine: Engine, mode: ProxyMode): () => number
  close(): Promise<void>
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
  const servers = isOwn ? await startAll(kind, request, closing) : []
  const urls = isOwn ? servers.map(({ engine }) => `${engine.url}${kind.settings ?? ''}`) : kind.split(storeUrl)
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

async function startAll(
  kind: ServerKind,
  { needs, persistence }: EnvironmentRequest,
  closing: Closing[],
): Promise<readonly OwnServer[]> {
  const grounds: Ground[] = []
  for (let index = 0; index < kind.count; index += 1) grounds.push(await openGround(kind, needs, closing))
  const options = grounds.map(({ clock, disk }) => ({
    ...(clock !== undefined && { environment: clock.environment }),
    ...(disk !== undefined && { folder: disk.folder }),
  }))
  const ensemble = await kind.together?.(options)
  if (ensemble !== undefined) closing.push(() => ensemble.close())
  const servers: OwnServer[] = []
  for (const [index, ground] of grounds.entries()) {
    const engine = ensemble?.engines[index] ?? (await kind.start?.(options[index] ?? {}, persistence))
    if (engine === undefined) throw new Error('there is no way to start a server')
    if (ensemble === undefined) closing.push(() => engine.close())
    const syncs = persistence === 'always'
    const peers = ensemble && {
      leads: () => ensemble.leads(engine),
      isolate: (mode: ProxyMode) => ensemble.isolate(engine, mode),
    }
    servers.push(new OwnServer(`server ${index + 1}`, { kind, engine, ...ground, syncs, peers }))
  }
  return servers
}

/** What a server stands on. */
type Ground = Pick<OwnServerParts, 'clock' | 'disk'>

async function openGround(
  { diskMb }: ServerKind,
  needs: EnvironmentRequest['needs'],
  closing: Closing[],
): Promise<Ground> {
  const clock = needs.has('server-clock') ? await openSkewedClock() : undefined
  if (clock !== undefined) closing.push(async () => clock.close())
  const disk = needs.has('disk') ? await openFragileDisk(diskMb === undefined ? {} : { sizeMb: diskMb }) : undefined
  if (disk !== undefined) closing.push(() => disk.close())
  return { clock, disk }
}

interface OwnServerParts {
  readonly kind: ServerKind
  readonly engine: Engine
  readonly clock: SkewedClock | undefined
  readonly disk: FragileDisk | undefined
  readonly syncs: boolean
  readonly peers: Peers | undefined
}

class OwnServer implements EnvironmentServer {
  readonly name: string
  engine: Engine
  readonly clock: SkewedClock | undefined
  readonly disk: FragileDisk | undefined
  readonly syncs: boolean
  readonly memory: Memory | undefined
  readonly peers: Peers | undefined
  readonly alone: EnvironmentServer['alone'] = oneAtATime()
  readonly #kind: ServerKind

  constructor(name: string, { kind, engine, clock, disk, syncs, peers }: OwnServerParts) {
    this.name = name
    this.engine = engine
    this.clock = clock
    this.disk = disk
    this.syncs = syncs
    this.peers = peers
    this.memory = memoryOf(kind, () => this.engine)
    this.#kind = kind
  }

  async wallMs(): Promise<number> {
    if (this.#kind.wallMs === undefined) throw new Error(`${this.name} does not tell its time`)
    return await this.#kind.wallMs(this.engine)
  }
}

function memoryOf({ remember, recall }: ServerKind, engine: () => Engine): Memory | undefined {
  if (remember === undefined || recall === undefined) return undefined
  return {
    remember: (word) => remember(engine(), word),
    recalls: async (word) => (await recall(engine())) === word,
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
  ['etcd:', 2379],
  ['zookeeper:', 2181],
  ['nats:', 4222],
])
