/**
 * What a URL with several hosts names: the members, a user, files with certificates, and a path. Nothing of it is ever
 * repeated in an error, because it may hold a password.
 */
import { Misuse } from '../../store/errors.ts'

export interface MemberHost {
  readonly host: string
  readonly port: number
}

export interface MemberUser {
  readonly name: string
  readonly password: string
}

/** Paths of files in PEM, read again for every connection: certificates are renewed. */
export interface CertificateFiles {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
}

export interface MemberList {
  readonly hosts: readonly MemberHost[]
  readonly isTls: boolean
  readonly user?: MemberUser
  readonly files: CertificateFiles
  /** What the engine takes behind the `?` besides. */
  readonly settings: ReadonlyMap<string, string>
  /** Decoded, without the slash that it begins with. */
  readonly path?: string
}

export interface UrlForm {
  /** `etcd` stands for `etcd:` and, with TLS, `etcds:`. */
  readonly scheme: string
  /** As people know it. */
  readonly engine: string
  readonly portDefault: number
  readonly example: string
  /** Names that may stand behind the `?`, besides those of certificates. @default none */
  readonly settings?: readonly string[]
}

const REST = 's?)://(?:(?<user>[^/?#]*)@)?(?<hosts>[^/?#@]+)(?:/(?<path>[^?#@]*))?(?:\\?(?<query>[^#]*))?$'
const HOST = /^(?:\[(?<six>[0-9a-f:.]+)\]|(?<name>[a-z0-9_.-]+))(?::(?<port>\d{1,5}))?$/i
const CERTIFICATES: readonly string[] = ['ca', 'cert', 'key']
const PORT_MAX = 65_535
const HOSTS_MAX = 20

export function memberListOf(url: string, form: UrlForm): MemberList {
  const { groups } = new RegExp(`^${form.scheme}(?<tls>${REST}`, 'i').exec(url) ?? {}
  const wrong = (what: string): Misuse => new Misuse(`the text ${what}. It looks like ${form.example}`)
  if (groups === undefined) throw wrong(`is no URL for ${form.engine}`)
  const hosts = groups['hosts']?.split(',') ?? []
  if (hosts.length > HOSTS_MAX) throw wrong(`names more than ${HOSTS_MAX} hosts`)
  const isTls = groups['tls'] !== ''
  const { files, settings } = queryIn(groups['query'], form.settings ?? [], wrong)
  if (!isTls && Object.keys(files).length > 0) {
    throw wrong(`names certificates and does not begin with ${form.scheme}s:`)
  }
  const { user, path } = groups
  return {
    hosts: hosts.map((text, index) => hostOf(text, index, form.portDefault, wrong)),
    isTls,
    files,
    settings,
    ...(user !== undefined && { user: userOf(user, wrong) }),
    ...(path !== undefined && path !== '' && { path: decoded(path, wrong) }),
  }
}

type Wrong = (what: string) => Misuse

function hostOf(text: string, index: number, portDefault: number, wrong: Wrong): MemberHost {
  const { groups } = HOST.exec(text) ?? {}
  const host = groups?.['six'] ?? groups?.['name']
  const port = Number(groups?.['port'] ?? portDefault)
  if (host === undefined || port < 1 || port > PORT_MAX) throw wrong(`has no host and port as its host ${index + 1}`)
  return { host, port }
}

function userOf(text: string, wrong: Wrong): MemberUser {
  const colon = text.indexOf(':')
  if (colon < 1) throw wrong('names a user without a password')
  return { name: decoded(text.slice(0, colon), wrong), password: decoded(text.slice(colon + 1), wrong) }
}

function queryIn(
  query: string | undefined,
  known: readonly string[],
  wrong: Wrong,
): Pick<MemberList, 'files' | 'settings'> {
  const files: Record<string, string> = {}
  const settings = new Map<string, string>()
  for (const [name, value] of new URLSearchParams(query ?? '')) {
    const isFile = CERTIFICATES.includes(name)
    if (value === '' || !(isFile || known.includes(name))) {
      throw wrong(`takes only ${[...CERTIFICATES, ...known].join(', ').replace(/, (\w+)$/, ' and $1')} behind the ?`)
    }
    if (isFile) files[name] = value
    else settings.set(name, value)
  }
  return { files, settings }
}

function decoded(text: string, wrong: Wrong): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw wrong('has a % that begins no encoded character: write %25 for the sign itself')
  }
}
