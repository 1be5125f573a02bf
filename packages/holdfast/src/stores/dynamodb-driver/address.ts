/**
 * What a URL for DynamoDB names: a region or an endpoint of one's own, a table, and where credentials come from. Nothing of it
 * is ever repeated in an error, because it may hold a key.
 */
import { Misuse } from '../../store/errors.ts'

export interface DynamodbAddress {
  readonly table?: string
  /** What the client is made with; what is absent is found as the SDK finds it. */
  readonly config: {
    readonly region: string
    readonly endpoint?: string
    readonly profile?: string
    readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string }
  }
}

const EXAMPLE =
  'dynamodb://eu-central-1/holdfast, with ?profile=NAME for a profile, or dynamodb://localhost:8000/holdfast for a server of your own'
const FORM =
  /^dynamodb:\/\/(?:(?<user>[^/?#@]*)@)?(?<host>[a-z0-9.-]+)(?::(?<port>\d{1,5}))?(?:\/(?<table>[^/?#]*))?(?:\?(?<query>[^#]*))?$/i
const REGION = /^[a-z]{2,4}(?:-[a-z0-9]+)+$/
const PORT_MAX = 65_535
/** A server of one's own asks for a signature and does not look at it. */
const OWN_KEYS = { accessKeyId: 'local', secretAccessKey: 'local' }
const OWN_REGION = 'local'

export function dynamodbAddressOf(url: string): DynamodbAddress {
  const { groups } = FORM.exec(url) ?? {}
  const host = groups?.['host']
  if (groups === undefined || host === undefined) throw wrong('is no URL for DynamoDB')
  const { user, port, table } = groups
  const parameters = parametersIn(groups['query'])
  const named = table === undefined || table === '' ? {} : { table: decoded(table) }
  if (port !== undefined) {
    if (Number(port) < 1 || Number(port) > PORT_MAX) throw wrong('has no port')
    const credentials = user === undefined ? OWN_KEYS : keysIn(user)
    const region = parameters.get('region') ?? OWN_REGION
    return { ...named, config: { region, endpoint: `http://${host}:${port}`, credentials } }
  }
  if (!REGION.test(host)) throw wrong('has neither a region nor a host with its port')
  if (user !== undefined) {
    throw wrong('has credentials in it: they come from the environment, from a profile or from the role of the machine')
  }
  if (parameters.has('region')) throw wrong('names a region twice')
  const profile = parameters.get('profile')
  return { ...named, config: { region: host, ...(profile !== undefined && { profile }) } }
}

function keysIn(user: string): NonNullable<DynamodbAddress['config']['credentials']> {
  const colon = user.indexOf(':')
  if (colon < 1) throw wrong('names a key without its secret')
  return { accessKeyId: decoded(user.slice(0, colon)), secretAccessKey: decoded(user.slice(colon + 1)) }
}

function parametersIn(query: string | undefined): ReadonlyMap<string, string> {
  const parameters = new Map(new URLSearchParams(query ?? ''))
  for (const [name, value] of parameters) {
    if (!['region', 'profile'].includes(name) || value === '') throw wrong('takes only region and profile behind the ?')
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
