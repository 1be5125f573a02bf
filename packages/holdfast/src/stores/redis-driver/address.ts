/**
 * What a URL for Redis names: one server, the nodes of a Cluster, or Sentinels and the name they watch. Several hosts are
 * no URL by the rules of URLs, so each is read by itself. Nothing of it is ever repeated in an error: it may hold a password.
 */
import { Misuse } from '../../store/errors.ts'

export interface Host {
  readonly host: string
  readonly port: number
}

interface Credentials {
  readonly username?: string
  readonly password?: string
  readonly isTls: boolean
}

export type RedisAddress =
  | { readonly kind: 'server'; readonly url: string }
  | ({ readonly kind: 'cluster'; readonly hosts: readonly Host[] } & Credentials)
  | ({
      readonly kind: 'sentinel'
      readonly hosts: readonly Host[]
      /** What the Sentinels call the primary. */
      readonly name: string
      readonly database: number
    } & Credentials)

const EXAMPLES =
  'redis://user:password@host:6379/0, redis+cluster://user:password@host:6379,host:6379 or ' +
  'redis+sentinel://user:password@host:26379,host:26379/name/0; with rediss for TLS'
const FORM =
  /^redis(?<tls>s?)\+(?<kind>cluster|sentinel):\/\/(?:(?<login>[^@/?#]*)@)?(?<hosts>[^@/?#]+)(?<path>\/[^?#]*)?$/i
const HOSTS_MAX = 100
const PORT = { cluster: 6379, sentinel: 26379 }
const SENTINEL_PATH = /^\/(?<name>[^/]+)(?:\/(?<database>\d{1,5}))?$/

export function addressOf(url: string): RedisAddress {
  if (URL.canParse(url) && /^rediss?:$/.test(new URL(url).protocol)) return { kind: 'server', url }
  const { tls, kind, login, hosts = '', path = '' } = FORM.exec(url)?.groups ?? {}
  const known = hosts === '' ? undefined : kind?.toLowerCase()
  if (known !== 'cluster' && known !== 'sentinel') throw refused()
  const rest = { hosts: hostsOf(hosts, PORT[known]), isTls: tls !== '', ...loginOf(login) }
  if (known === 'cluster') {
    if (path !== '' && path !== '/') throw refused()
    return { kind: known, ...rest }
  }
  const { name, database = '0' } = SENTINEL_PATH.exec(path)?.groups ?? {}
  if (name === undefined) throw refused()
  return { kind: known, ...rest, name: decoded(name), database: Number(database) }
}

function hostsOf(text: string, portDefault: number): readonly Host[] {
  const hosts = text.split(',')
  if (hosts.length > HOSTS_MAX) throw new Misuse(`a Redis URL names at most ${HOSTS_MAX} hosts`)
  return hosts.map((host) => {
    const url = `redis://${host}`
    const parsed = URL.canParse(url) ? new URL(url) : undefined
    if (parsed === undefined || parsed.hostname === '') throw refused()
    // An address of IPv6 stands in brackets in a URL, and without them everywhere else.
    const hostname = parsed.hostname.replaceAll(/^\[|\]$/g, '')
    return { host: hostname, port: parsed.port === '' ? portDefault : Number(parsed.port) }
  })
}

function loginOf(login: string | undefined): { readonly username?: string; readonly password?: string } {
  if (login === undefined) return {}
  const [username = '', ...password] = login.split(':')
  return {
    ...(username !== '' && { username: decoded(username) }),
    ...(password.length > 0 && { password: decoded(password.join(':')) }),
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw refused()
  }
}

function refused(): Misuse {
  return new Misuse(`a Redis URL looks like ${EXAMPLES}`)
}
