/// <reference lib="esnext.disposable" preserve="true" />
/** Locks in an etcd that you already run: every grant is agreed on by a majority of its members, first come first served. */
import { Misuse } from '../../store/errors.ts'
import { type EtcdAddress, etcdAddressOf } from '../etcd-driver/address.ts'
import type { EtcdTls } from '../etcd-driver/channel.ts'
import { type EtcdMemberState, memberStates } from '../etcd-driver/members.ts'
import { type EtcdStore, etcdStore } from './store.ts'

export type { CertificateTexts } from '../addresses/certificates.ts'
export type { EtcdTls } from '../etcd-driver/channel.ts'
export type { EtcdMemberState } from '../etcd-driver/members.ts'
export type { EtcdHolder, EtcdOwnership } from './ownership.ts'
export type { EtcdStore } from './store.ts'

export interface EtcdOptions {
  /**
   * Every key of this store begins with it: letters, digits and `-_.:/`, at most 200. Stores with different prefixes know
   * nothing of each other.
   *
   * @default the path of the URL, or `holdfast`
   */
  readonly prefix?: string
  /** Certificates for an `etcds:` URL, as texts. @default the files that the URL names */
  readonly tls?: EtcdTls
}

const PREFIX_DEFAULT = 'holdfast'
const PREFIX = /^[A-Za-z0-9\-_.:/]{1,200}$/

/**
 * A store over the members that the URL names (`etcd://user:password@host-1:2379,host-2:2379,host-3:2379/prefix`, with
 * `etcds:` for TLS and `?ca=FILE&cert=FILE&key=FILE` for certificates). It speaks to one of them, and to another when that
 * is away. Needs the package `@bufbuild/protobuf`, which is loaded when the store opens. Opens nothing yet; throws `Misuse`
 * when the arguments are wrong.
 *
 * @example
 * ```ts
 * import { holdfast } from 'holdfast'
 * import { etcd } from 'holdfast/etcd'
 *
 * const locks = holdfast({ store: etcd('etcd://host-1:2379,host-2:2379,host-3:2379') })
 * ```
 */
export function etcd(url: string, options: EtcdOptions = {}): EtcdStore {
  const { address, tls } = addressIn(url, options)
  const { prefix = address.prefix ?? PREFIX_DEFAULT } = options
  if (typeof prefix !== 'string' || !PREFIX.test(prefix)) {
    throw new Misuse('the prefix for etcd must be 1 to 200 letters, digits, or signs of -_.:/')
  }
  return etcdStore({ address, tls, prefix })
}

/**
 * Asks each member that the URL names how it is: for operators, and for `holdfast doctor`. It takes no lock and changes
 * nothing. A member that does not answer is one with a `failure`; throws `Misuse` when the arguments are wrong.
 *
 * @example
 * ```ts
 * import { etcdMembers } from 'holdfast/etcd'
 *
 * const members = await etcdMembers('etcd://host-1:2379,host-2:2379,host-3:2379')
 * console.log(members.filter(({ failure }) => failure !== undefined))
 * ```
 */
export async function etcdMembers(
  url: string,
  options: Pick<EtcdOptions, 'tls'> = {},
): Promise<readonly EtcdMemberState[]> {
  const { address, tls } = addressIn(url, options)
  return await memberStates(address, tls)
}

function addressIn(
  url: string,
  { tls }: Pick<EtcdOptions, 'tls'>,
): { readonly address: EtcdAddress; readonly tls: EtcdTls } {
  if (typeof url !== 'string') throw new Misuse('etcd() takes a URL such as etcd://host-1:2379,host-2:2379,host-3:2379')
  const address = etcdAddressOf(url)
  if (!address.isTls && tls !== undefined) {
    throw new Misuse('certificates mean nothing to an etcd: URL, which is not encrypted: write etcds:')
  }
  return { address, tls: tls ?? {} }
}
