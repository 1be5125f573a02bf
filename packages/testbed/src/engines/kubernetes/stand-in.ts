/**
 * A stand-in for the API server of Kubernetes, as a program: `node stand-in.ts SETTINGS`. It has Leases and nothing else, and
 * answers as the documentation of the API says: versions that are compared, pages, watches, rights. It is no Kubernetes.
 */
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { LeaseBook } from './lease-book.ts'
import { type Lease, selectorOf } from './lease.ts'
import type { StandInSettings, StandInTls } from './settings.ts'
import { badRequest, namespaceNotFound, StatusError } from './status.ts'
import { rulesOf, Users } from './users.ts'
import { watch } from './watch.ts'

const BODY_MAX = 3 * 1024 * 1024
const LEASES = /^\/apis\/coordination\.k8s\.io\/v1\/namespaces\/(?<namespace>[^/]+)\/leases(?:\/(?<name>[^/]+))?$/
const RULES = '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews'
const VERSION = { major: '1', minor: '33', gitVersion: 'v1.33.0-holdfast-stand-in', platform: 'none' }
const VERBS: Readonly<Record<string, string>> = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' }

const settings = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as StandInSettings
const book = new LeaseBook(settings.log, settings.historyLength)
const users = new Users(settings.users)
const { tls, address, port } = settings
const answer = (request: IncomingMessage, response: ServerResponse): void => void answered(request, response)
const server = tls === undefined ? createServer(answer) : createSecureServer(filesOf(tls), answer)
server.keepAliveTimeout = 60_000
server.listen(port, address)

function filesOf({ certificate, key, clientAuthority }: StandInTls): object {
  const own = { cert: readFileSync(certificate), key: readFileSync(key) }
  if (clientAuthority === undefined) return own
  return { ...own, ca: readFileSync(clientAuthority), requestCert: true, rejectUnauthorized: false }
}

async function answered(request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const body = await bodyOf(request)
    const user = users.userOf(request)
    const { pathname, searchParams: query } = new URL(request.url ?? '/', 'http://stand-in')
    if (pathname === '/version') return send(response, 200, VERSION)
    if (pathname === RULES) return send(response, 201, rulesOf(user))
    const { namespace, name } = LEASES.exec(pathname)?.groups ?? {}
    if (namespace === undefined)
      throw new StatusError(404, 'NotFound', 'the server could not find the requested resource')
    const isWatch = /^(?:1|true)$/.test(query.get('watch') ?? '')
    users.assertMay(user, verbOf(request, name, isWatch), namespace)
    if (isWatch) return watch(book, { namespace, query, selects: selectionOf(query) }, response)
    const made = request.method === 'POST' ? 201 : 200
    send(response, made, onLeases(request, { namespace, name, query, body }))
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
    send(response, error.code, error.status)
  }
}

function verbOf({ method = '' }: IncomingMessage, name: string | undefined, isWatch: boolean): string {
  if (method !== 'GET') return VERBS[method] ?? method.toLowerCase()
  if (isWatch) return 'watch'
  return name === undefined ? 'list' : 'get'
}

interface Asked {
  readonly namespace: string
  readonly name: string | undefined
  readonly query: URLSearchParams
  readonly body: string
}

function onLeases({ method, headers }: IncomingMessage, { namespace, name, query, body }: Asked): object {
  if (name === undefined) {
    if (method === 'GET') return page(namespace, query)
    if (method !== 'POST') throw new StatusError(405, 'MethodNotAllowed', 'the server does not allow this method')
    if (!settings.namespaces.includes(namespace)) throw namespaceNotFound(namespace)
    return book.create(namespace, parsed(body))
  }
  if (method === 'GET') return book.get(namespace, name)
  if (method === 'DELETE') return book.delete(namespace, name)
  if (method === 'PUT') return book.update(namespace, name, () => parsed(body))
  if (method !== 'PATCH' || headers['content-type'] !== 'application/merge-patch+json') {
    throw new StatusError(415, 'UnsupportedMediaType', 'of patches only application/merge-patch+json is known here')
  }
  return book.patch(namespace, name, parsed(body))
}

const selectionOf = (query: URLSearchParams): ((lease: Lease) => boolean) =>
  selectorOf(query.get('labelSelector'), query.get('fieldSelector'))

/** `continue` is the name behind which the next page begins. */
function page(namespace: string, query: URLSearchParams): object {
  const behind = query.get('continue') ?? ''
  const found = book
    .all(namespace)
    .filter(selectionOf(query))
    .filter(({ metadata }) => metadata.name > behind)
  const limit = Number(query.get('limit') ?? 0) || found.length
  const items = found.slice(0, limit)
  const rest = found.length - items.length
  const more = rest > 0 ? { continue: items.at(-1)?.metadata.name } : {}
  const metadata = { resourceVersion: String(book.version), ...more }
  return { kind: 'LeaseList', apiVersion: 'coordination.k8s.io/v1', metadata, items }
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    throw badRequest('the body is no JSON')
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = ''
  for await (const text of request.setEncoding('utf8')) {
    body += String(text)
    if (body.length > BODY_MAX) throw new StatusError(413, 'RequestEntityTooLarge', 'the body is too large')
  }
  return body
}

function send(response: ServerResponse, code: number, body: object): void {
  response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
