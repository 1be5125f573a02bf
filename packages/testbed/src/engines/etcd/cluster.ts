/** Members of one etcd, which agree on every change as long as more than half of them are up and hear each other. */
import type { Group, Member } from '../driver.ts'
import { gather, type Gathering } from '../group.ts'
import { until } from '../until.ts'
import { type EtcdMember, type EtcdOptions, start } from './server.ts'

const LOOPBACK = '127.0.0.1'
const AGREED_WITHIN_MS = 20_000
const ASK_WITHIN_MS = 1_000

export interface EtcdClusterOptions extends Omit<EtcdOptions, 'members' | 'peerPort' | 'port' | 'within' | 'address'> {
  /** Default 3. */
  readonly count?: number
  /** A proxy of our own before every member, for its clients alone. */
  readonly proxied?: boolean
  /** Where each member runs, one for each: hosts whose network can be cut. @default all on 127.0.0.1 */
  readonly hosts?: readonly { readonly address: string; readonly within: readonly string[] }[]
}

export interface EtcdCluster extends Group {
  readonly url: string
  /** The member that leads now, as a member that is up says. */
  leader(): Promise<Member>
}

export async function startCluster(options: EtcdClusterOptions = {}): Promise<EtcdCluster> {
  const { count = 3, proxied = false, hosts, ...server } = options
  return gather(async (gathering) => {
    const plans = await plansOf(gathering, count, hosts)
    const members = plans.map(({ member }) => member)
    const started = await gathering.add(
      plans.map(({ member, peerPort, host }) => ({
        name: member.name,
        start: ({ port }) => start({ ...server, ...host, members, peerPort, port }),
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
    }
  })
}

interface MemberPlace {
  readonly member: EtcdMember
  readonly peerPort: number
  readonly host: { readonly address: string; readonly within: readonly string[] } | undefined
}

async function plansOf(
  gathering: Gathering,
  count: number,
  hosts: EtcdClusterOptions['hosts'],
): Promise<readonly MemberPlace[]> {
  const plans: MemberPlace[] = []
  for (let index = 0; index < count; index += 1) {
    const peerPort = await gathering.reservePort()
    const host = hosts?.[index]
    const peerUrl = `http://${host?.address ?? LOOPBACK}:${peerPort}`
    plans.push({ member: { name: `member ${index + 1}`, peerUrl }, peerPort, host })
  }
  return plans
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
