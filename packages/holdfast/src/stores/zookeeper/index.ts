/// <reference lib="esnext.disposable" preserve="true" />
/** Locks in a ZooKeeper that you already run: every grant is agreed on by a majority of its servers, first come first served. */
import { Misuse } from '../../store/errors.ts'
import { certificatesOf, type CertificateTexts } from '../addresses/certificates.ts'
import { type MemberList, memberListOf } from '../addresses/member-list.ts'
import { durationMs, type Duration } from '../../time/duration.ts'
import type { ZookeeperPlan } from '../zookeeper-driver/client.ts'
import { type ZookeeperState, zookeeperStateOf } from '../zookeeper-driver/servers.ts'
import { CLOCK_PATH } from './paths.ts'
import { type ZookeeperStore, zookeeperStore } from './store.ts'

export type { CertificateTexts } from '../addresses/certificates.ts'
export type { ZookeeperHolder, ZookeeperOwnership } from './ownership.ts'
export type { ZookeeperStore } from './store.ts'
export type { ZookeeperServerState, ZookeeperState } from '../zookeeper-driver/servers.ts'

export interface ZookeeperOptions {
  /**
   * How long a follower that lost its leader may go on answering: `syncLimit` · `tickTime` + `tickTime` / 2 of the servers.
   * A lease ends so much later for the next claim after a holder died. Too short a time gives a lock to two holders when
   * the network between the servers fails. The default is right for a tickTime of 2,000 and a syncLimit of 5. It means nothing for a
   * server alone.
   *
   * @default that of the URL, or 11 s
   */
  readonly followerLag?: Duration
  /** Certificates for a `zookeepers:` URL, as texts. @default the files that the URL names */
  readonly tls?: CertificateTexts
}

const FOLLOWER_LAG_MS = { minMs: 100, maxMs: 600_000 }
const FOLLOWER_LAG_MS_DEFAULT = 11_000
const ROOT_DEFAULT = 'holdfast'
const ROOT = /^(?!\.)[A-Za-z0-9\-_.:]+(?:\/(?!\.)[A-Za-z0-9\-_.:]+)*$/
const ROOT_LENGTH_MAX = 200
const FORM = {
  scheme: 'zookeeper',
  engine: 'ZooKeeper',
  portDefault: 2181,
  settings: ['followerLag'],
  example:
    'zookeeper://user:password@host-1:2181,host-2:2181,host-3:2181/root, or zookeepers:// for TLS with ?ca=FILE&cert=FILE&key=FILE',
} as const

/**
 * A store over the servers that the URL names (`zookeeper://user:password@host-1:2181,host-2:2181,host-3:2181/root`, with
 * `zookeepers:` for TLS and `?ca=FILE&cert=FILE&key=FILE` for certificates). All nodes are below the root, which is made
 * where it is not there (default `/holdfast`). Needs no package: it speaks the protocol itself. Opens nothing yet; throws
 * `Misuse` when the arguments are wrong.
 *
 * @example
 * ```ts
 * import { holdfast } from 'holdfast'
 * import { zookeeper } from 'holdfast/zookeeper'
 *
 * const locks = holdfast({ store: zookeeper('zookeeper://host-1:2181,host-2:2181,host-3:2181') })
 * ```
 */
export function zookeeper(url: string, options: ZookeeperOptions = {}): ZookeeperStore {
  return zookeeperStore(planOf(url, options))
}

/**
 * Asks each server that the URL names how it is, which sessions are granted, and the clock of the leader: for operators, and
 * for `holdfast doctor`. It takes no lock. A server that does not answer is one with a `failure`; throws `Misuse` when the
 * arguments are wrong.
 *
 * @example
 * ```ts
 * import { zookeeperServers } from 'holdfast/zookeeper'
 *
 * const { servers, sessions } = await zookeeperServers('zookeeper://host-1:2181,host-2:2181,host-3:2181')
 * console.log(servers.filter(({ failure }) => failure !== undefined), sessions?.maxMs)
 * ```
 */
export async function zookeeperServers(
  url: string,
  options: Pick<ZookeeperOptions, 'tls'> = {},
): Promise<ZookeeperState> {
  return await zookeeperStateOf(planOf(url, options), CLOCK_PATH)
}

function planOf(url: string, { tls, followerLag }: ZookeeperOptions): ZookeeperPlan {
  const { hosts: servers, isTls, user, files, path = ROOT_DEFAULT, settings } = addressIn(url, tls)
  if (!ROOT.test(path) || path.length > ROOT_LENGTH_MAX) {
    throw new Misuse(
      `the root for ZooKeeper must be a path of names of letters, digits and signs of -_.:, at most ${ROOT_LENGTH_MAX} in all`,
    )
  }
  const lag = followerLag ?? settings.get('followerLag') ?? FOLLOWER_LAG_MS_DEFAULT
  return {
    servers,
    user: user === undefined ? undefined : `${user.name}:${user.password}`,
    tls: isTls ? () => certificatesOf(files, tls ?? {}) : undefined,
    root: `/${path}`,
    followerLagMs: durationMs('followerLag', lag, FOLLOWER_LAG_MS),
  }
}

function addressIn(url: string, tls: CertificateTexts | undefined): MemberList {
  if (typeof url !== 'string') {
    throw new Misuse('zookeeper() takes a URL such as zookeeper://host-1:2181,host-2:2181,host-3:2181')
  }
  const address = memberListOf(url, FORM)
  if (!address.isTls && tls !== undefined) {
    throw new Misuse('certificates mean nothing to a zookeeper: URL, which is not encrypted: write zookeepers:')
  }
  return address
}
