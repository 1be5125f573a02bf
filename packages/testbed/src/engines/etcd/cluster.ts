/** Members of one etcd, which agree on every change as long as more than half of them are up and hear each other. */
import type { Group, Member } from '../driver.ts'
import { gather, type Gathering } from '../group.ts'
import { until } from '../until.ts'
import { type Gateway, openGateway } from '../../proxy/gateway.ts'
import { hurtTogether } from '../../proxy/hurt-together.ts'
import type { ProxyMode } from '../../proxy/mode.ts'
import { type EtcdMember, type EtcdOptions, start } from './server.ts'

const LOOPBACK = '127.0.0.1'
const AGREED_WITHIN_MS = 20_000
const ASK_WITHIN_MS = 1_000

export interface EtcdClusterOptions extends Omit<EtcdOptions, 'members' | 'peerPort' | 'port' | 'within' | 'address'> {
  /** Default 3. */
  readonly count?: number
  /** A proxy of our own before every member, for its clients alone. */
  readonly proxied?: boolean
  /** The members hear each other through gateways, so that one can be cut off from the others alone. */
  readonly isParted?: boolean
  /** Where each member runs, one for each: hosts whose network can be cut, or disks. @default all on 127.0.0.1 */
  readonly hosts?: readonly Pick<EtcdOptions, 'address' | 'within' | 'folder'>[]
}

export interface EtcdCluster extends Group {
  readonly url: string
  /** The member that leads now, as a member that is up says. */
  leader(): Promise<Member>
  /**
   * Cuts a member off from the others, both ways; its clients still reach it. Returns what heals it, which tells how many
   * bytes were held up or lost. Only where the cluster was started with `isParted`.
   */
  isolate(member: Member, mode: ProxyMode): () => number
}

export async function startCluster(options: EtcdClusterOptions = {}): Promise<EtcdCluster> {
  const { count = 3, proxied = false, isParted = false, hosts, ...server } = options
  return gather(async (gathering) => {
    const plans = await plansOf(gathering, count, { hosts, isParted })
    const members = plans.map(({ member }) => member)
    const gateways = isParted ? await gatewaysOf(gathering, plans) : []
    const started = await gathering.add(
      plans.map(({ member, peerPort, host }, index) => ({
        name: member.name,
        start: ({ port }) => start({ ...server, ...host, members, peerPort, port, ...behind(gateways[index], server) }),
      })),
      proxied,
    )
    const what = 'the election of a first leader'
    await until(async () => (await leaderOf(started)) !== undefined, { withinMs: AGREED_WITHIN_MS, what })
    return {
      url: `etcd://${started.map(({ url }) => new URL(url).host).join(',')}`,
      leader: async () => {
        const leader = await leaderOf(started)
        if (leader === undefined) throw new Error('no member that is up knows a leader')
        return leader
      },
      isolate: (member, mode) => isolated(gateways, started.indexOf(member), mode),
    }
  })
}

interface MemberPlace {
  readonly member: EtcdMember
  readonly peerPort: number
  readonly host: Pick<EtcdOptions, 'address' | 'within' | 'folder'> | undefined
}

async function plansOf(
  gathering: Gathering,
  count: number,
  { hosts, isParted }: { readonly hosts: EtcdClusterOptions['hosts'] | undefined; readonly isParted: boolean },
): Promise<readonly MemberPlace[]> {
  const plans: MemberPlace[] = []
  for (let index = 0; index < count; index += 1) {
    const peerPort = await gathering.reservePort()
    const host = hosts?.[index]
    // Go asks no proxy for a loopback address.
    const address = isParted ? documentAddress(index) : (host?.address ?? LOOPBACK)
    plans.push({
      member: { name: `member ${index + 1}`, peerUrl: `http://${address}:${peerPort}` },
      peerPort,
      host,
    })
  }
  return plans
}

/** From a net that exists in documents only (RFC 5737). */
function documentAddress(index: number): string {
  return `192.0.2.${index + 1}`
}

/** One before each member, with a way to each other one. */
async function gatewaysOf(gathering: Gathering, plans: readonly MemberPlace[]): Promise<readonly Gateway[]> {
  const gateways: Gateway[] = []
  for (const own of plans) {
    const others = plans.flatMap(({ peerPort }, index) =>
      plans[index] === own ? [] : [[documentAddress(index), { port: peerPort }] as const],
    )
    gateways.push(await gathering.keep(openGateway(new Map(others))))
  }
  return gateways
}

function behind(
  gateway: Gateway | undefined,
  { environment }: Pick<EtcdOptions, 'environment'>,
): Pick<EtcdOptions, 'environment'> {
  return gateway === undefined ? {} : { environment: { ...environment, HTTP_PROXY: gateway.url } }
}

function isolated(gateways: readonly Gateway[], own: number, mode: ProxyMode): () => number {
  const ways = gateways.flatMap((gateway, from) =>
    gateways.flatMap((_, to) =>
      from !== to && (from === own || to === own) ? [gateway.way(documentAddress(to))] : [],
    ),
  )
  if (ways.length === 0) throw new Error('a cluster whose members are to be cut off is started with isParted')
  return hurtTogether(ways, mode)
}

interface MemberStatus {
  readonly header?: { readonly member_id?: string }
  readonly leader?: string
}

/** Each member names the leader by its number, and says its own. */
async function leaderOf(members: readonly Member[]): Promise<Member | undefined> {
  const asked = await Promise.all(
    members.map(async (member) => ({ member, status: await statusOf(member.engine.url).catch(() => undefined) })),
  )
  return asked.find(({ status }) => status?.leader !== undefined && status.leader === status.header?.member_id)?.member
}

async function statusOf(url: string): Promise<MemberStatus> {
  const answer = await fetch(`${url}/v3/maintenance/status`, {
    method: 'POST',
    body: '{}',
    signal: AbortSignal.timeout(ASK_WITHIN_MS),
  })
  return (await answer.json()) as MemberStatus
}
