/** Asks a server what it is and how it is set up, when a store opens. */
import { StoreUnavailable } from '../../store/errors.ts'
import type { RedisDriver } from './driver.ts'
import { codeWordOf } from './errors.ts'
import { stillLoading } from './load-state.ts'

/** Older servers hide the code word of an error inside a script, so a full server could not be told from a defect. */
const MAJOR_MIN = 7

export interface ServerFindings {
  /** Name and version. */
  readonly engine: string
  /** Of this very process: two connections with the same one lead to the same server. */
  readonly runId: string
  readonly replicas: number
  /** A slot that it serves, where it is one of a Cluster and says so. */
  readonly slot?: number
  /** All that was asked for; `undefined` where the server refuses to tell it, or a part of it. */
  readonly settings: Settings | undefined
}

export type Settings = ReadonlyMap<string, string>

const SETTINGS: readonly string[] = [
  'appendonly',
  'appendfsync',
  'no-appendfsync-on-rewrite',
  'save',
  'maxmemory',
  'maxmemory-policy',
  'min-replicas-to-write',
]

/** What is asked: a server, or one of a Cluster. */
type ProbedDriver = Pick<RedisDriver, 'send' | 'database'>

const NODE_OF_CLUSTER =
  'is a node of a Redis Cluster: give redis() a Cluster client, or a URL that begins with redis+cluster:'

const SENTINEL =
  'is a Sentinel, which keeps no locks: give redis() a Sentinel client, or a URL such as redis+sentinel://host:26379/name'

function refused(words: string): StoreUnavailable {
  return new StoreUnavailable(words, { isFinal: true })
}

/** Throws `StoreUnavailable` for a server that cannot carry locks, with the reason. */
export async function probe(port: ProbedDriver): Promise<ServerFindings> {
  return probeOne(port, false)
}

/** The server, or each primary of a Cluster: a lock is worth what the worst of them is worth. */
export async function probeAll(port: RedisDriver): Promise<readonly ServerFindings[]> {
  if (port.primaries === undefined) return [await probe(port)]
  const primaries = await port.primaries()
  if (primaries.length === 0) throw new StoreUnavailable('no primary of the Redis Cluster is known: is it set up?')
  return Promise.all(primaries.map((primary) => probeOne(primary, true)))
}

async function probeOne(port: ProbedDriver, inCluster: boolean): Promise<ServerFindings> {
  const answer = String(await port.send(['INFO']))
  const info = infoOf(answer)
  const version = info.get('redis_version') ?? ''
  const valkey = info.get('valkey_version')
  const engine = valkey === undefined ? `Redis ${version}` : `Valkey ${valkey}`
  if (!(Number.parseInt(version, 10) >= MAJOR_MIN)) {
    throw refused(`${engine} is too old: Holdfast needs Redis ${MAJOR_MIN} or newer, or Valkey`)
  }
  if (info.get('redis_mode') === 'sentinel') throw refused(`${engine} ${SENTINEL}`)
  if (!inCluster && info.get('cluster_enabled') === '1') throw refused(`${engine} ${NODE_OF_CLUSTER}`)
  const loading = stillLoading(answer)
  if (loading !== undefined) throw loading
  await refuseOtherDatabase(port)
  if (info.get('role') !== 'master') {
    throw new StoreUnavailable(`${engine} is a replica, which cannot grant locks: connect to the primary`)
  }
  const connected = Number(info.get('connected_slaves') ?? 0)
  const place = inCluster ? await placeInCluster(port) : NO_PLACE
  const replicas = Math.max(connected, place.replicas)
  return { ...place, engine, runId: info.get('run_id') ?? '', replicas, settings: await settingsOf(port) }
}

/** A number that the server does not have leaves the connection in database 0, with the locks of another program. */
async function refuseOtherDatabase(port: ProbedDriver): Promise<void> {
  const { database } = port
  if (database === undefined) return
  const answer = String(await unlessRefused(() => port.send(['CLIENT', 'INFO'])))
  const here = /(?:^| )db=(\d+)/.exec(answer)?.[1]
  if (here === undefined || Number(here) === database) return
  throw refused(
    `the connection is in database ${here} and not in ${database}, which was asked for: does the server have so many (databases)?`,
  )
}

type PlaceInCluster = Pick<ServerFindings, 'replicas' | 'slot'>

const NO_PLACE: PlaceInCluster = { replicas: 0 }

/**
 * A replica that is away for a moment may take over all the same. Each line: id, address, flags, id of its primary, ping,
 * pong, epoch, state, slots …
 */
async function placeInCluster(primary: ProbedDriver): Promise<PlaceInCluster> {
  const nodes = await unlessRefused(() => primary.send(['CLUSTER', 'NODES']))
  const lines = String(nodes ?? '')
    .split('\n')
    .map((line) => line.split(' '))
  const own = lines.find(([, , flags = '']) => flags.includes('myself'))
  if (own === undefined) return NO_PLACE
  const [id, , , , , , , , ...slots] = own
  const first = slots.find((range) => /^\d/.test(range))
  const replicas = lines.filter(([, , , followed]) => followed === id).length
  return { replicas, ...(first !== undefined && { slot: Number.parseInt(first, 10) }) }
}

/** Managed services remove commands, and an ACL may forbid them. */
async function unlessRefused<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask()
  } catch (error) {
    if (codeWordOf(error) === undefined) throw error
    return undefined
  }
}

/**
 * Whether a change is on the disk before it is answered. With the last setting it is not while the file is rewritten or a
 * snapshot is made, whatever `appendfsync` says.
 */
export function flushesEachChange(settings: Settings): boolean {
  return (
    settings.get('appendonly') === 'yes' &&
    settings.get('appendfsync') === 'always' &&
    settings.get('no-appendfsync-on-rewrite') === 'no'
  )
}

/**
 * Answers in the shape of either protocol: a list of names and values, or a map. A managed service may leave settings out,
 * and what it leaves out may be the one that takes locks away: then nothing counts as told.
 */
async function settingsOf(port: ProbedDriver): Promise<ServerFindings['settings']> {
  return unlessRefused(async () => {
    const answer = await port.send(['CONFIG', 'GET', ...SETTINGS])
    const flat = Array.isArray(answer) ? answer : Object.entries(Object(answer) as object).flat()
    const settings = new Map<string, string>()
    for (let index = 0; index < flat.length; index += 2) settings.set(String(flat[index]), String(flat[index + 1]))
    return SETTINGS.every((name) => settings.has(name)) ? settings : undefined
  })
}

function infoOf(answer: string): ReadonlyMap<string, string> {
  const lines = answer.split('\r\n').map((line) => line.split(':'))
  return new Map(lines.map(([name = '', ...value]) => [name, value.join(':')]))
}
