/** What a URL for etcd names: its members, a user, files with certificates, and the prefix of the keys. */
import { type CertificateFiles, type MemberHost, memberListOf, type MemberUser } from '../addresses/member-list.ts'

export type EtcdEndpoint = MemberHost

export interface EtcdAddress {
  readonly endpoints: readonly EtcdEndpoint[]
  readonly isTls: boolean
  readonly user?: MemberUser
  readonly files: CertificateFiles
  readonly prefix?: string
}

const FORM = {
  scheme: 'etcd',
  engine: 'etcd',
  portDefault: 2379,
  example:
    'etcd://user:password@host-1:2379,host-2:2379,host-3:2379/prefix, or etcds:// for TLS with ?ca=FILE&cert=FILE&key=FILE',
} as const

export function etcdAddressOf(url: string): EtcdAddress {
  const { hosts: endpoints, isTls, user, files, path } = memberListOf(url, FORM)
  return { endpoints, isTls, files, ...(user !== undefined && { user }), ...(path !== undefined && { prefix: path }) }
}

/** As in a URL. */
export function nameOf({ host, port }: EtcdEndpoint): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}
