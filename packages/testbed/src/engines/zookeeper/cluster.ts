/** Members of one ZooKeeper, which agree on every change as long as more than half of them are up and hear each other. */
import type { Group, Member } from '../driver.ts'
import { gather, type Gathering } from '../group.ts'
import { until } from '../until.ts'
import { modeOf, start, type ZookeeperMember, type ZookeeperOptions } from './server.ts'

const LOOPBACK = '127.0.0.1'
const AGREED_WITHIN_MS = 20_000

export interface EnsembleOptions extends Omit<ZookeeperOptions, 'ensemble' | 'port' | 'within' | 'address'> {
  /** Default 3. */
  readonly count?: number
  /** A proxy of our own before every member, for its clients alone. */
  readonly proxied?: boolean
  /** Where each member runs, one for each: hosts whose network can be cut. @default all on 127.0.0.1 */
  readonly hosts?: readonly Pick<ZookeeperOptions, 'address' | 'within' | 'folder'>[]
}

export interface ZookeeperEnsemble extends Group {
  readonly url: string
  /** The member that leads now, by its own word. */
  leader(): Promise<Member>
}

export async function startEnsemble(options: EnsembleOptions = {}): Promise<ZookeeperEnsemble> {
  const { count = 3, proxied = false, hosts, ...server } = options
  return gather(async (gathering) => {
    const members = await placesOf(gathering, count, hosts)
    const started = await gathering.add(
      members.map((_, index) => ({
        name: `member ${index + 1}`,
        start: ({ port }) => start({ ...server, ...hosts?.[index], ensemble: { members, index }, port }),
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
    }
  })
}

async function placesOf(
  gathering: Gathering,
  count: number,
  hosts: EnsembleOptions['hosts'],
): Promise<readonly ZookeeperMember[]> {
  const places: ZookeeperMember[] = []
  for (let index = 0; index < count; index += 1) {
    const address = hosts?.[index]?.address ?? LOOPBACK
    places.push({ address, peerPort: await gathering.reservePort(), electionPort: await gathering.reservePort() })
  }
  return places
}

function modesOf(members: readonly Member[]): Promise<readonly (string | undefined)[]> {
  return Promise.all(members.map(({ engine: { host, port } }) => modeOf(host, port).catch(() => undefined)))
}
