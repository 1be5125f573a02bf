/** What an etcd promises as it is set up: asked of the server itself. */
import { StoreUnavailable } from '../../store/errors.ts'
import type { Facts } from '../../store/facts.ts'
import { TTL_MS_MAX } from '../../store/limits.ts'
import type { EtcdChannel } from '../etcd-driver/channel.ts'
import { GRPC } from '../etcd-driver/failures.ts'
import { membersMethod, statusMethod } from '../etcd-driver/messages.ts'
import type { Leases } from './leases.ts'

export interface EtcdFindings {
  readonly version: string
  /** 0: not known. */
  readonly memberCount: number
  /** What the server itself finds wrong, in its own words. */
  readonly errors: readonly string[]
  /** The shortest lease that it grants: half as long again as an election takes, in whole seconds. */
  readonly leaseMsMin: number
}

const MEMBERS_OF_CONSENSUS = 3
/** Leases are looked through twice a second, and their end is agreed on like every other change. */
const END_LATE_MS = 1_500

export async function probedEtcd(channel: EtcdChannel, leases: Leases): Promise<EtcdFindings> {
  const { version, errors } = await channel.call(statusMethod, {}, 'opening')
  const [, major = 0, minor = 0] = (/^(\d+)\.(\d+)/.exec(version) ?? []).map(Number)
  if (major < 3 || (major === 3 && minor < 4)) {
    throw new StoreUnavailable(`opening: etcd ${version} is too old: 3.4 or newer is needed`, { isFinal: true })
  }
  const denied = (code: number): { readonly members: readonly never[] } | undefined =>
    code === GRPC.permissionDenied ? { members: [] } : undefined
  const { members } = await channel.call(membersMethod, {}, 'opening', denied)
  const { id, grantedMs } = await leases.grant(1)
  await leases.revoke(id)
  return { version, memberCount: members.length, errors, leaseMsMin: grantedMs }
}

export function etcdFactsOf({ version, memberCount, errors, leaseMsMin }: EtcdFindings): Facts {
  const isAgreed = memberCount === 0 || memberCount >= MEMBERS_OF_CONSENSUS
  return {
    engine: `etcd ${version}`,
    safetyClass: isAgreed ? 'consensus' : 'durable',
    reasons: [
      isAgreed
        ? `Every change is agreed on by a majority of ${memberCount === 0 ? 'the' : memberCount} members, and on their disks, before it is answered.`
        : `It has ${memberCount} of at least ${MEMBERS_OF_CONSENSUS} members: what its disk loses is lost.`,
      `The shortest ttl is ${leaseMsMin} ms, by the election timeout of the server; a shorter one is rounded up.`,
      ...errors.map((words) => `The server itself reports: ${words}`),
    ],
    clock: 'the monotonic clock of the leader',
    expiry: 'engine',
    tokens: 'base + create revision: the base is the time in µs at which the prefix was first used, kept in etcd',
    order: 'fifo',
    wakeUp: 'push',
    ttl: {
      per: 'session',
      granularityMs: 1_000,
      minMs: leaseMsMin,
      maxMs: TTL_MS_MAX,
      takeoverMs: 1_000 + END_LATE_MS,
    },
    lockRisks: ['deleting its keys, or revoking its leases', 'restoring a backup, or making the cluster anew by force'],
    tokenRisks: ['restoring a backup without `holdfast rebase` after it'],
    unsupported: {},
  }
}
