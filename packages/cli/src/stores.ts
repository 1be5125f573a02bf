/**
 * Which stores the command knows: one entry a scheme, each loading its engine only when it is used. A new engine is
 * one more entry. No message repeats a URL, because it may carry a password.
 */
import { resolve } from 'node:path'
import type { Store } from 'holdfast'
import { exitCodes, Failure } from './exit-codes.ts'

interface Scheme {
  readonly example: string
  /** The URL that means the same from any working directory. */
  absolute(url: string): string
  /** The same for any user, too. */
  resolved(url: string): Promise<string>
  /** Takes what `absolute` made. */
  open(url: string): Promise<Store>
}

/** A server's address is the same from everywhere. */
const server = { absolute: (url: string): string => url, resolved: async (url: string): Promise<string> => url }

const schemes: ReadonlyMap<string, Scheme> = new Map([
  ['redis', { example: 'redis://host:6379', ...server, open: openRedis }],
  ['redis+unix', { example: 'redis+unix:///run/redis/redis.sock', ...server, open: openRedis }],
  ['rediss', { example: 'rediss://host:6379', ...server, open: openRedis }],
  ['redis+cluster', { example: 'redis+cluster://host:6379,host:6379', ...server, open: openRedis }],
  ['rediss+cluster', { example: 'rediss+cluster://host:6379,host:6379', ...server, open: openRedis }],
  ['redis+sentinel', { example: 'redis+sentinel://host:26379,host:26379/name', ...server, open: openRedis }],
  ['rediss+sentinel', { example: 'rediss+sentinel://host:26379,host:26379/name', ...server, open: openRedis }],
  ['redlock', { example: 'redlock://host-1:6379,host-2:6379,host-3:6379', ...server, open: openRedlock }],
  ['postgres', { example: 'postgres://host/database', ...server, open: openPostgres }],
  ['postgresql', { example: 'postgresql://host/database', ...server, open: openPostgres }],
  ['mysql', { example: 'mysql://host/database', ...server, open: openMysql }],
  ['mariadb', { example: 'mariadb://host/database', ...server, open: openMysql }],
  ['etcd', { example: 'etcd://host-1:2379,host-2:2379,host-3:2379', ...server, open: openEtcd }],
  ['etcds', { example: 'etcds://host-1:2379,host-2:2379,host-3:2379', ...server, open: openEtcd }],
  ['zookeeper', { example: 'zookeeper://host-1:2181,host-2:2181,host-3:2181', ...server, open: openZookeeper }],
  ['zookeepers', { example: 'zookeepers://host-1:2281,host-2:2281,host-3:2281', ...server, open: openZookeeper }],
  ['dynamodb', { example: 'dynamodb://eu-central-1/table', ...server, open: openDynamodb }],
  ['kubernetes', { ...server, example: 'kubernetes:namespace', absolute: absoluteKubernetes, open: openKubernetes }],
  ['nats', { example: 'nats://host-1:4222,host-2:4222/bucket', ...server, open: openNats }],
  ['natss', { example: 'natss://host-1:4222,host-2:4222/bucket', ...server, open: openNats }],
  ['http', { ...server, example: 'http://host:4653', absolute: absoluteHttp, open: openHttp }],
  ['https', { ...server, example: 'https://host?token-file=PATH', absolute: absoluteHttp, open: openHttp }],
  ['sqlite', { example: 'sqlite:/srv/locks.db', absolute: absoluteSqlite, resolved: resolvedSqlite, open: openSqlite }],
])

/** Schemes that exist in the library and make no sense for a command. */
const refused: ReadonlyMap<string, string> = new Map([
  ['memory', 'memory: lives inside one process, so no other run would see the lock. Use a file: --store sqlite:PATH'],
])

/** The file in the user's state folder. */
export const STORE_DEFAULT = 'sqlite:'

/** For --help. */
export const knownSchemes: string = [...schemes.values()].map(({ example }) => example).join(', ')

export interface ChosenStore {
  readonly url: string
  /** The URL that means the same for another user and in another folder. */
  resolved(): Promise<string>
  open(): Promise<Store>
}

/** Throws for a URL that the command does not know. What its scheme says about the rest comes when it is opened. */
export function chooseStore(url: string): ChosenStore {
  const name = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase()
  const reason = refused.get(name ?? '')
  if (reason !== undefined) throw new Failure(exitCodes.usage, reason)
  const scheme = schemes.get(name ?? '')
  if (name === undefined || scheme === undefined) {
    const known = [...schemes.keys()].map((each) => `${each}:`).join(', ')
    const what = name === undefined ? 'the store URL has no scheme' : `unknown store scheme "${name}:"`
    throw new Failure(exitCodes.usage, `${what}; known: ${known} (for example ${knownSchemes})`)
  }
  const absolute = scheme.absolute(url)
  return {
    url: absolute,
    resolved: () => scheme.resolved(absolute),
    open: async () => scheme.open(absolute),
  }
}

function absoluteSqlite(url: string): string {
  const path = sqlitePath(url)
  return path === undefined ? STORE_DEFAULT : `sqlite:${path}`
}

async function resolvedSqlite(url: string): Promise<string> {
  if (sqlitePath(url) !== undefined) return url
  const { defaultPath } = await import('holdfast/sqlite')
  return `sqlite:${defaultPath()}`
}

async function openDynamodb(url: string): Promise<Store> {
  const { dynamodb } = await import('holdfast/dynamodb')
  return dynamodb(url)
}

async function openEtcd(url: string): Promise<Store> {
  const { etcd } = await import('holdfast/etcd')
  return etcd(url)
}

/** The file with the token is found from any folder. */
function absoluteHttp(url: string): string {
  const [place = '', query] = url.split('?', 2)
  const file = new URLSearchParams(query).get('token-file')
  return file === null || file === ''
    ? url
    : `${place}?${new URLSearchParams({ 'token-file': resolve(file) }).toString()}`
}

async function openHttp(url: string): Promise<Store> {
  const { http } = await import('holdfast/http')
  return http(url)
}

/** Files that it names are found from any folder. */
function absoluteKubernetes(url: string): string {
  const [place = '', query] = url.split('?', 2)
  if (query === undefined) return url
  const parameters = new URLSearchParams(query)
  for (const name of ['kubeconfig', 'service-account']) {
    const path = parameters.get(name)
    if (path !== null && path !== '') parameters.set(name, resolve(path))
  }
  return `${place}?${parameters.toString()}`
}

async function openKubernetes(url: string): Promise<Store> {
  const { kubernetes } = await import('holdfast/kubernetes')
  return kubernetes(url)
}

async function openNats(url: string): Promise<Store> {
  const { nats } = await import('holdfast/nats')
  return nats(url)
}

async function openZookeeper(url: string): Promise<Store> {
  const { zookeeper } = await import('holdfast/zookeeper')
  return zookeeper(url)
}

async function openRedis(url: string): Promise<Store> {
  const { redis } = await import('holdfast/redis')
  return redis(url)
}

async function openRedlock(url: string): Promise<Store> {
  const { redlock } = await import('holdfast/redlock')
  return redlock(url)
}

async function openPostgres(url: string): Promise<Store> {
  const { postgres } = await import('holdfast/postgres')
  return postgres(url)
}

async function openMysql(url: string): Promise<Store> {
  const { mysql } = await import('holdfast/mysql')
  return mysql(url)
}

async function openSqlite(url: string): Promise<Store> {
  const { sqlite } = await import('holdfast/sqlite')
  const path = sqlitePath(url)
  return path === undefined ? sqlite() : sqlite({ path })
}

/** `sqlite:path`, `sqlite:///absolute/path`, or `sqlite:` for the default file. The path is taken as it stands, nothing is decoded. */
function sqlitePath(url: string): string | undefined {
  const rest = url.slice(url.indexOf(':') + 1)
  const path = rest.startsWith('///') ? rest.slice(2) : rest
  if (path === '') return undefined
  if (path.startsWith('//')) {
    throw new Failure(
      exitCodes.usage,
      'a sqlite: URL has no host: write sqlite:path, or three slashes as in sqlite:///absolute/path',
    )
  }
  if (path.startsWith(':memory:')) throw new Failure(exitCodes.usage, `not a file: ${refused.get('memory')}`)
  return resolve(path)
}
