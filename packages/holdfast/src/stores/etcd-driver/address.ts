/**
 * What a URL for etcd names: its members, a user, files with certificates, and the prefix of the keys. Nothing of it is
 * ever repeated in an error, because it may hold a password.
 */
import { Misuse } from '../../store/errors.ts'

export interface EtcdEndpoint {
  readonly host: string
  readonly port: number
}

export interface EtcdUser {
  readonly name: string
  readonly password: string
}

/** Paths of files in PEM, read again for every connection: certificates are renewed. */
interface CertificateFiles {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
}

export interface EtcdAddress {
  readonly endpoints: readonly EtcdEndpoint[]
  readonly isTls: boolean
  readonly user?: EtcdUser
  readonly files: CertificateFiles
  readonly prefix?: string
}

const EXAMPLE =
  'etcd://user:password@host-1:2379,host-2:2379,host-3:2379/prefix, or etcds:// for TLS with ?ca=FILE&cert=FILE&key=FILE'
const FORM =
  /^etcd(?<tls>s?):\/\/(?:(?<user>[^/?#]*)@)?(?<hosts>[^/?#@]+)(?:\/(?<prefix>[^?#@]*))?(?:\?(?<query>[^#]*))?$/i
const HOST = /^(?:\[(?<six>[0-9a-f:.]+)\]|(?<name>[a-z0-9_.-]+))(?::(?<port>\d{1,5}))?$/i
const PORT_DEFAULT = 2379
const PORT_MAX = 65_535
const ENDPOINTS_MAX = 20

export function etcdAddressOf(url: string): EtcdAddress {
  const { groups } = FORM.exec(url) ?? {}
  if (groups === undefined) throw wrong('is no URL for etcd')
  const hosts = groups['hosts']?.split(',') ?? []
  if (hosts.length > ENDPOINTS_MAX) throw wrong(`names more than ${ENDPOINTS_MAX} hosts`)
  const isTls = groups['tls'] !== ''
  const files = filesIn(groups['query'])
  if (!isTls && Object.keys(files).length > 0) throw wrong('names certificates and does not begin with etcds:')
  const { user, prefix } = groups
  return {
    endpoints: hosts.map(endpointOf),
    isTls,
    files,
    ...(user !== undefined && { user: userOf(user) }),
    ...(prefix !== undefined && prefix !== '' && { prefix: decoded(prefix) }),
  }
}

function endpointOf(text: string, index: number): EtcdEndpoint {
  const { groups } = HOST.exec(text) ?? {}
  const host = groups?.['six'] ?? groups?.['name']
  const port = Number(groups?.['port'] ?? PORT_DEFAULT)
  if (host === undefined || port < 1 || port > PORT_MAX) throw wrong(`has no host and port as its host ${index + 1}`)
  return { host, port }
}

function userOf(text: string): EtcdUser {
  const colon = text.indexOf(':')
  if (colon < 1) throw wrong('names a user without a password')
  return { name: decoded(text.slice(0, colon)), password: decoded(text.slice(colon + 1)) }
}

function filesIn(query: string | undefined): CertificateFiles {
  const files: Record<string, string> = {}
  for (const [name, value] of new URLSearchParams(query ?? '')) {
    if (!['ca', 'cert', 'key'].includes(name) || value === '') throw wrong('takes only ca, cert and key behind the ?')
    files[name] = value
  }
  return files
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw wrong('has a % that begins no encoded character: write %25 for the sign itself')
  }
}

function wrong(what: string): Misuse {
  return new Misuse(`the text ${what}. It looks like ${EXAMPLE}`)
}

/** As in a URL. */
export function nameOf({ host, port }: EtcdEndpoint): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}
