/** Members of one ZooKeeper, which agree on every change as long as more than half of them are up and hear each other. */
import type { Group, Member } from '../driver.ts'
import { gather, type Gathering } from '../group.ts'
import { until } from '../until.ts'
import { hurtTogether } from '../../proxy/hurt-together.ts'
import type { ProxyMode } from '../../proxy/mode.ts'
import { openProxy, type Proxy } from '../../proxy/proxy.ts'
import { modeOf, start, type ZookeeperMember, type ZookeeperOptions } from './server.ts'

const LOOPBACK = '127.0.0.1'
const AGREED_WITHIN_MS = 20_000

export interface EnsembleOptions extends Omit<ZookeeperOptions, 'ensemble' | 'port' | 'within' | 'address'> {
  /** Default 3. */
  readonly count?: number
  /** A proxy of our own before every member, for its clients alone. */
  readonly proxied?: boolean
  /** The members hear each other through proxies, so that one can be cut off from the others alone. */
  readonly isParted?: boolean
  /** Where each member runs, one for each: hosts whose network can be cut. @default all on 127.0.0.1 */
  readonly hosts?: readonly Pick<ZookeeperOptions, 'address' | 'within' | 'folder'>[]
}

export interface ZookeeperEnsemble extends Group {
  readonly url: string
  /** The member that leads now, by its own word. */
  leader(): Promise<Member>
  /**
   * Cuts a member off from the others, both ways; its clients still reach it. Returns what heals it, which tells how many
   * bytes were held up or lost. Only where the ensemble was started with `isParted`.
   */
  isolate(member: Member, mode: ProxyMode): () => number
}

export async function startEnsemble(options: EnsembleOptions = {}): Promise<ZookeeperEnsemble> {
  const { count = 3, proxied = false, isParted = false, hosts, ...server } = options
  return gather(async (gathering) => {
    const members = await placesOf(gathering, count, { hosts, isParted })
    const ways = isParted ? await waysBetween(gathering, members) : []
    const started = await gathering.add(
      members.map((_, index) => ({
        name: `member ${index + 1}`,
        start: ({ port }) =>
          start({
            ...server,
            ...hosts?.[index],
            ensemble: { members, index },
            ...(isParted && { names: namesFor(index, members) }),
            port,
          }),
      })),
      proxied,
    )
    const all = async (): Promise<boolean> => (await modesOf(started)).every((mode) => mode !== undefined)
    await until(all, { withinMs: AGREED_WITHIN_MS, what: 'the election of a first leader' })
    return {
      url: `zookeeper://${started.map(({ url }) => new URL(url).host).join(',')}`,
      leader: async () => {
        const leader = started[(await modesOf(started)).indexOf('leader')]
        if (leader === undefined) throw new Error('no member that is up says that it leads')
        return leader
      },
      isolate: (member, mode) => isolated(ways, started.indexOf(member), mode),
    }
  })
}

async function placesOf(
  gathering: Gathering,
  count: number,
  { hosts, isParted }: Pick<EnsembleOptions, 'isParted'> & { readonly hosts: EnsembleOptions['hosts'] | undefined },
): Promise<readonly ZookeeperMember[]> {
  const places: ZookeeperMember[] = []
  for (let index = 0; index < count; index += 1) {
    const address = isParted === true ? `member-${index + 1}` : (hosts?.[index]?.address ?? LOOPBACK)
    places.push({ address, peerPort: await gathering.reservePort(), electionPort: await gathering.reservePort() })
  }
  return places
}

/** From one member to another one, by their places. */
interface PeerWay {
  readonly from: number
  readonly to: number
  readonly proxies: readonly Proxy[]
}

/**
 * A member tells others by which address it is reached, so each has that address for itself: a name, which leads every
 * other member to a proxy at the same port.
 */
async function waysBetween(gathering: Gathering, members: readonly ZookeeperMember[]): Promise<readonly PeerWay[]> {
  const ways: PeerWay[] = []
  for (const from of members.keys()) {
    for (const [to, { peerPort, electionPort }] of members.entries()) {
      if (from === to) continue
      const proxies: Proxy[] = []
      for (const port of [peerPort, electionPort]) {
        const at = { host: addressFor(from, to), port }
        proxies.push(await gathering.keep(openProxy({ host: LOOPBACK, port }, { kind: 'pass' }, at)))
      }
      ways.push({ from, to, proxies })
    }
  }
  return ways
}

/** All of 127.0.0.0/8 is this machine. */
function addressFor(from: number, to: number): string {
  return from === to ? LOOPBACK : `127.77.${from + 1}.${to + 1}`
}

function namesFor(own: number, members: readonly ZookeeperMember[]): Readonly<Record<string, string>> {
  return Object.fromEntries(members.map(({ address }, index) => [address, addressFor(own, index)]))
}

function isolated(ways: readonly PeerWay[], own: number, mode: ProxyMode): () => number {
  const mine = ways.filter(({ from, to }) => from === own || to === own)
  if (mine.length === 0) throw new Error('an ensemble whose members are to be cut off is started with isParted')
  return hurtTogether(
    mine.flatMap(({ proxies }) => proxies),
    mode,
  )
}

function modesOf(members: readonly Member[]): Promise<readonly (string | undefined)[]> {
  return Promise.all(members.map(({ engine: { host, port } }) => modeOf(host, port).catch(() => undefined)))
}
