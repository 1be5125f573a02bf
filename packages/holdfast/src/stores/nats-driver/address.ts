/**
 * What a URL for NATS names: servers, a user or a token, files, and the bucket. Nothing of it is ever repeated in an error,
 * because it may hold a password.
 */
import { Misuse } from '../../store/errors.ts'

export interface NatsAddress {
  /** `host:port` each. */
  readonly servers: readonly string[]
  readonly isTls: boolean
  readonly user?: string
  readonly password?: string
  readonly token?: string
  /** Paths: `creds` as `nsc` writes it; certificates in PEM. */
  readonly files: Readonly<Partial<Record<NatsFile, string>>>
  readonly bucket?: string
  readonly replicas?: number
  readonly syncsAlways: boolean
}

type NatsFile = 'ca' | 'cert' | 'creds' | 'key'

const EXAMPLE =
  'nats://user:password@host-1:4222,host-2:4222/bucket, or natss:// for TLS, with ?creds=FILE, replicas=3, sync=always'
const FORM =
  /^nats(?<tls>s?):\/\/(?:(?<user>[^/?#]*)@)?(?<hosts>[^/?#@]+)(?:\/(?<bucket>[^/?#@]*))?(?:\?(?<query>[^#]*))?$/i
const HOST = /^(?:\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::(?<port>\d{1,5}))?$/i
const PORT_DEFAULT = 4222
const PORT_MAX = 65_535
const SERVERS_MAX = 20
const TLS_FILES: readonly NatsFile[] = ['ca', 'cert', 'key']
const PARAMETERS: ReadonlySet<string> = new Set([...TLS_FILES, 'creds', 'replicas', 'sync'])

export function natsAddressOf(url: string): NatsAddress {
  const { groups } = FORM.exec(url) ?? {}
  if (groups === undefined) throw wrong('is no URL for NATS')
  const { user, bucket } = groups
  const hosts = groups['hosts']?.split(',') ?? []
  if (hosts.length > SERVERS_MAX) throw wrong(`names more than ${SERVERS_MAX} hosts`)
  const isTls = groups['tls'] !== ''
  const parameters = parametersIn(groups['query'])
  const files = Object.fromEntries([...parameters].filter(([name]) => name !== 'replicas' && name !== 'sync'))
  if (!isTls && TLS_FILES.some((name) => name in files)) {
    throw wrong('names certificates and does not begin with natss:')
  }
  const replicas = parameters.get('replicas')
  if (replicas !== undefined && !/^[1-5]$/.test(replicas)) throw wrong('has no number from 1 to 5 as its replicas')
  const sync = parameters.get('sync')
  if (sync !== undefined && sync !== 'always') throw wrong('has a sync other than always')
  return {
    servers: hosts.map(serverIn),
    isTls,
    files,
    syncsAlways: sync === 'always',
    ...(user !== undefined && user !== '' && userIn(user)),
    ...(bucket !== undefined && bucket !== '' && { bucket: decoded(bucket) }),
    ...(replicas !== undefined && { replicas: Number(replicas) }),
  }
}

function serverIn(text: string, index: number): string {
  const match = HOST.exec(text)
  const port = Number(match?.groups?.['port'] ?? PORT_DEFAULT)
  if (match === null || port < 1 || port > PORT_MAX) throw wrong(`has no host and port as its host ${index + 1}`)
  return match.groups?.['port'] === undefined ? `${text}:${port}` : text
}

/** A name alone is a token, as NATS itself reads it. */
function userIn(text: string): Pick<NatsAddress, 'user' | 'password' | 'token'> {
  const colon = text.indexOf(':')
  if (colon < 0) return { token: decoded(text) }
  if (colon === 0) throw wrong('names a password without a user')
  return { user: decoded(text.slice(0, colon)), password: decoded(text.slice(colon + 1)) }
}

function parametersIn(query: string | undefined): ReadonlyMap<string, string> {
  const parameters = new Map(new URLSearchParams(query ?? ''))
  for (const [name, value] of parameters) {
    if (!PARAMETERS.has(name) || value === '') throw wrong(`takes only ${[...PARAMETERS].join(', ')} behind the ?`)
  }
  return parameters
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
