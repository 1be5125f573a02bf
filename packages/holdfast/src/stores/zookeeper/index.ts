/// <reference lib="esnext.disposable" preserve="true" />
/** Locks in a ZooKeeper that you already run: every grant is agreed on by a majority of its servers, first come first served. */
import { Misuse } from '../../store/errors.ts'
import { certificatesOf, type CertificateTexts } from '../addresses/certificates.ts'
import { type MemberList, memberListOf } from '../addresses/member-list.ts'
import { durationMs, type Duration } from '../../time/duration.ts'
import type { ZookeeperPlan } from './client.ts'
import { type ZookeeperStore, zookeeperStore } from './store.ts'

export type { ZookeeperHolder, ZookeeperOwnership } from './ownership.ts'
export type { ZookeeperStore } from './store.ts'

/** Certificates as texts in PEM, instead of files that the URL names. */
export type ZookeeperTls = CertificateTexts

export interface ZookeeperOptions {
  /**
   * How long a follower that lost its leader may go on answering: `syncLimit` · `tickTime` + `tickTime` / 2 of the servers.
   * A lease ends so much later for the next claim after a holder died. Too short a time gives a lock to two holders when
   * the network between the servers fails. It means nothing for a server alone.
   *
   * @default `?followerLag=` of the URL, or 11 s, which is right for a tickTime of 2,000 and a syncLimit of 5
   */
  readonly followerLag?: Duration
  /** Certificates for a `zookeepers:` URL, as texts. @default the files that the URL names */
  readonly tls?: ZookeeperTls
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
  const address = addressIn(url, options)
  const { path = ROOT_DEFAULT } = address
  if (!ROOT.test(path) || path.length > ROOT_LENGTH_MAX) {
    throw new Misuse(
      `the root for ZooKeeper must be a path of names of letters, digits and signs of -_.:, at most ${ROOT_LENGTH_MAX} in all`,
    )
  }
  const followerLagMs = durationMs('followerLag', options.followerLag ?? address.settings.get('followerLag') ?? FOLLOWER_LAG_MS_DEFAULT, FOLLOWER_LAG_MS)
  return zookeeperStore({ ...planOf(address, options), root: `/${path}`, followerLagMs })
}

function addressIn(url: string, { tls }: Pick<ZookeeperOptions, 'tls'>): MemberList {
  if (typeof url !== 'string') {
    throw new Misuse('zookeeper() takes a URL such as zookeeper://host-1:2181,host-2:2181,host-3:2181')
  }
  const address = memberListOf(url, FORM)
  if (!address.isTls && tls !== undefined) {
    throw new Misuse('certificates mean nothing to a zookeeper: URL, which is not encrypted: write zookeepers:')
  }
  return address
}

function planOf(
  { hosts: servers, isTls, user, files }: MemberList,
  { tls }: Pick<ZookeeperOptions, 'tls'>,
): Pick<ZookeeperPlan, 'servers' | 'user' | 'tls'> {
  return {
    servers,
    user: user === undefined ? undefined : `${user.name}:${user.password}`,
    tls: isTls ? () => certificatesOf(files, tls ?? {}) : undefined,
  }
}
