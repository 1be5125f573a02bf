/**
 * What a URL for Redis names: one server, the nodes of a Cluster, or Sentinels and the name they watch. Several hosts are
 * no URL by the rules of URLs, and a driver takes the default for what it does not understand, so every part is read here.
 * Nothing of it is ever repeated in an error, because it may hold a password: a mistake is told by its position.
 */
import { Misuse } from '../../store/errors.ts'

export interface Host {
  readonly host: string
  readonly port: number
}

export interface Login {
  readonly username?: string
  readonly password?: string
}

interface Credentials extends Login {
  readonly isTls: boolean
}

/** The version of IP that a host name is looked up in; 0 for either. */
export type IpFamily = 0 | 4 | 6

export type ServerAddress = { readonly kind: 'server'; readonly database: number; readonly family?: IpFamily } & Host &
  Credentials

/** A server of this machine that is reached by a file. */
export type SocketAddress = { readonly kind: 'socket'; readonly path: string; readonly database: number } & Credentials

export type RedisAddress =
  | ServerAddress
  | SocketAddress
  | ({ readonly kind: 'cluster'; readonly hosts: readonly Host[] } & Credentials)
  | ({
      readonly kind: 'sentinel'
      readonly hosts: readonly Host[]
      /** What the Sentinels call the primary. */
      readonly name: string
      readonly database: number
    } & Credentials)

/** A part of a URL, and where it begins in the whole. */
export interface UrlPart {
  readonly text: string
  readonly at: number
}

const EXAMPLES =
  'redis://user:password@host:6379/0, redis+cluster://user:password@host:6379,host:6379 or ' +
  'redis+sentinel://user:password@host:26379,host:26379/name/0; with rediss for TLS; or redis+unix:///path/of/socket?db=0'
const SCHEME = /^redis(?<tls>s?)(?:\+(?<kind>cluster|sentinel|unix))?:\/\//i
/** Up to the last `@` in front of the path: a password may have one that was not encoded. */
const FORM = /^(?:(?<login>[^/?#]*)@)?(?<hosts>[^/?#]*)(?<path>\/[^?#]*)?(?<query>\?[^#]*)?(?<fragment>#.*)?$/ds
const HOST = /^(?:\[(?<six>[0-9a-f:.]+)\]|(?<name>[^\s\p{Cc}:@[\]\\<>^|"%]+))(?<port>:.*)?$/dsu
const HOSTS_MAX = 100
const PORT = { server: 6379, cluster: 6379, sentinel: 26379 }
const PORT_MAX = 65_535
const DATABASE_MAX = 99_999

export function addressOf(url: string): RedisAddress {
  const scheme = SCHEME.exec(url)
  if (scheme === null) throw refused('does not begin with a scheme that is known', 0)
  const at = scheme[0].length
  const rest = { text: url.slice(at), at }
  const isTls = scheme.groups?.['tls'] !== ''
  const kind = kindOf(scheme.groups?.['kind'])
  if (kind === 'server') return serverOf(rest, isTls)
  if (kind === 'socket') return socketOf(rest, isTls)
  const { login, hosts, path, query } = partsOf(rest)
  if (query !== undefined) throw refused('takes nothing behind a question mark', query.at)
  const all = { hosts: hostsOf(hosts, PORT[kind]), ...loginOf(login), isTls }
  if (kind === 'sentinel') return { kind, ...all, ...watchedBy(path ?? { text: '', at: url.length }) }
  if (databaseOf(path) !== 0) throw refused('names a database, and a Redis Cluster has only 0', (path?.at ?? 0) + 1)
  return { kind, ...all }
}

/** What stands behind the scheme of one server. */
export function serverOf(rest: UrlPart, isTls: boolean): ServerAddress {
  const { login, hosts, path, query } = partsOf(rest)
  const family = familyOf(query)
  return {
    kind: 'server',
    ...oneHost(hosts),
    ...loginOf(login),
    isTls,
    database: databaseOf(path),
    ...(family === undefined ? {} : { family }),
  }
}

function socketOf(rest: UrlPart, isTls: boolean): SocketAddress {
  if (isTls) throw refused('names a socket of this machine, which has no TLS: write redis+unix', 0)
  const { login, hosts, path, query } = partsOf(rest)
  if (hosts.text !== '') throw refused('names a socket, which has no host: three slashes begin its path', hosts.at)
  if (path === undefined || path.text === '/') throw refused('needs the path of a socket there', path?.at ?? hosts.at)
  const database = query === undefined ? 0 : databaseBehind(query)
  return { kind: 'socket', path: decoded(path), database, ...loginOf(login), isTls }
}

/** A path may end in a number, so that of the database stands behind a question mark. */
function databaseBehind(query: UrlPart): number {
  if (!query.text.startsWith('?db=')) throw refused('takes only db=0 behind the question mark', query.at)
  return numberIn({ text: query.text.slice('?db='.length), at: query.at + '?db='.length }, DATABASES)
}

function kindOf(text: string | undefined): RedisAddress['kind'] {
  const kind = text?.toLowerCase()
  if (kind === 'unix') return 'socket'
  return kind === 'cluster' || kind === 'sentinel' ? kind : 'server'
}

interface UrlParts {
  readonly login: UrlPart | undefined
  readonly hosts: UrlPart
  readonly path: UrlPart | undefined
  readonly query: UrlPart | undefined
}

/** What stands behind the scheme. */
function partsOf({ text, at }: UrlPart): UrlParts {
  const { groups, indices } = FORM.exec(text) ?? {}
  const part = (name: string): UrlPart | undefined => {
    const found = groups?.[name]
    return found === undefined ? undefined : { text: found, at: at + (indices?.groups?.[name]?.[0] ?? 0) }
  }
  const rest = part('path') ?? part('query') ?? part('fragment')
  if (rest !== undefined && text.slice(rest.at - at).includes('@')) {
    throw refused('has a slash, a question mark or a # in its user name or password: write %2F, %3F or %23', rest.at)
  }
  const fragment = part('fragment')
  if (fragment !== undefined) throw refused('takes nothing behind a #', fragment.at)
  const hosts = part('hosts') ?? { text: '', at }
  return { login: part('login'), hosts, path: part('path'), query: part('query') }
}

/** `user:password`, each percent-encoded. */
function loginOf(login: UrlPart | undefined): Login {
  if (login === undefined) return {}
  const colon = login.text.indexOf(':')
  const name = colon < 0 ? login.text : login.text.slice(0, colon)
  const username = decoded({ text: name, at: login.at })
  if (colon < 0) return username === '' ? {} : { username }
  const password = decoded({ text: login.text.slice(colon + 1), at: login.at + colon + 1 })
  return { ...(username !== '' && { username }), password }
}

function oneHost(hosts: UrlPart): Host {
  const comma = hosts.text.indexOf(',')
  if (comma >= 0) {
    throw refused('names one server: for several write redis+cluster:, redis+sentinel: or redlock:', hosts.at + comma)
  }
  return hostOf(hosts, PORT.server)
}

function hostsOf(hosts: UrlPart, portDefault: number): readonly Host[] {
  const all = listOf(hosts)
  if (all.length > HOSTS_MAX) throw refused(`names at most ${HOSTS_MAX} hosts`, all[HOSTS_MAX]?.at ?? hosts.at)
  return all.map((each) => hostOf(each, portDefault))
}

/** Between commas. */
export function listOf({ text, at }: UrlPart): readonly UrlPart[] {
  let from = at
  return text.split(',').map((each) => {
    const part = { text: each, at: from }
    from += each.length + 1
    return part
  })
}

function hostOf({ text, at }: UrlPart, portDefault: number): Host {
  if (text === '' || text.startsWith(':')) throw refused('names no host', at)
  const { groups, indices } = HOST.exec(text) ?? {}
  // An address of IPv6 stands in brackets in a URL, and without them everywhere else.
  const host = groups?.['six'] ?? groups?.['name']
  if (host === undefined) throw refused('has a host with a character that hosts do not have', at)
  const port = groups?.['port']
  if (port === undefined) return { host, port: portDefault }
  return { host, port: numberIn({ text: port.slice(1), at: at + (indices?.groups?.['port']?.[0] ?? 0) + 1 }, PORTS) }
}

interface WholeNumber {
  readonly what: string
  readonly min: number
  readonly max: number
}

const PORTS: WholeNumber = { what: 'a port', min: 1, max: PORT_MAX }
const DATABASES: WholeNumber = { what: 'the number of a database', min: 0, max: DATABASE_MAX }

function numberIn({ text, at }: UrlPart, { what, min, max }: WholeNumber): number {
  const number = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (number >= min && number <= max) return number
  throw refused(`needs ${what} from ${min} to ${max} there`, at)
}

/** A word is no number: the driver would take it for database 0, where another program's data may be. */
function databaseOf(path: UrlPart | undefined): number {
  if (path === undefined || path.text === '/') return 0
  return numberIn({ text: path.text.slice(1), at: path.at + 1 }, DATABASES)
}

function familyOf(query: UrlPart | undefined): IpFamily | undefined {
  if (query === undefined) return undefined
  const family = /^\?family=(?<family>[046])$/.exec(query.text)?.groups?.['family']
  if (family === undefined)
    throw refused('takes only family=4, family=6 or family=0 behind the question mark', query.at)
  return family === '4' ? 4 : family === '6' ? 6 : 0
}

/** `/name` or `/name/0`. */
function watchedBy(path: UrlPart): { readonly name: string; readonly database: number } {
  const [, name = '', database] = /^\/([^/]+)(\/.*)?$/s.exec(path.text) ?? []
  if (name === '') throw refused('needs the name that the Sentinels watch behind the hosts, as in /mymaster', path.at)
  const at = path.at + 1
  return {
    name: decoded({ text: name, at }),
    database: databaseOf(database === undefined ? undefined : { text: database, at: at + name.length }),
  }
}

function decoded({ text, at }: UrlPart): string {
  try {
    return decodeURIComponent(text)
  } catch {
    const sign = text.search(/%(?![0-9a-f]{2})/i)
    throw refused('has a % that begins no encoded character: write %25 for the sign itself', at + Math.max(0, sign))
  }
}

/** Counted from 1, as editors do. */
export function refused(what: string, at: number, example: string = EXAMPLES): Misuse {
  return new Misuse(`the URL for Redis ${what}, at character ${at + 1}. It looks like ${example}`)
}
