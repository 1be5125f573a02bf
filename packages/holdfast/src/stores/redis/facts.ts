/** What a Redis promises as it is set up: asked of the server itself when the store opens. */
import { StoreUnavailable } from '../../core/errors.ts'
import { TTL_MS_MAX, TTL_MS_MIN } from '../../core/limits.ts'
import type { Facts } from '../../core/store.ts'
import { codeWordOf } from './errors.ts'
import { CLUSTER_REFUSED, type RedisPort } from './client.ts'

/** Older servers hide the code word of an error inside a script, so a full server could not be told from a defect. */
const MAJOR_MIN = 7

export interface Findings {
  /** Name and version. */
  readonly engine: string
  readonly replicas: number
  /** `undefined` where the server refuses to tell its configuration. */
  readonly settings: ReadonlyMap<string, string> | undefined
}

/** Throws `StoreUnavailable` for a server that cannot carry locks, with the reason. */
export async function probe(port: RedisPort): Promise<Findings> {
  const info = infoOf(await port.send(['INFO']))
  const version = info.get('redis_version') ?? ''
  const valkey = info.get('valkey_version')
  const engine = valkey === undefined ? `Redis ${version}` : `Valkey ${valkey}`
  if (!(Number.parseInt(version, 10) >= MAJOR_MIN)) {
    throw new StoreUnavailable(`${engine} is too old: Holdfast needs Redis ${MAJOR_MIN} or newer, or Valkey`)
  }
  if (info.get('cluster_enabled') === '1') throw new StoreUnavailable(CLUSTER_REFUSED)
  if (info.get('role') !== 'master') {
    throw new StoreUnavailable(`${engine} is a replica, which cannot grant locks: connect to the primary`)
  }
  return { engine, replicas: Number(info.get('connected_slaves') ?? 0), settings: await settingsOf(port) }
}

/** Answers in the shape of either protocol: a list of names and values, or a map. */
async function settingsOf(port: RedisPort): Promise<Findings['settings']> {
  const names = ['appendonly', 'appendfsync', 'maxmemory', 'maxmemory-policy']
  try {
    const answer = await port.send(['CONFIG', 'GET', ...names])
    const flat = Array.isArray(answer) ? answer : Object.entries(Object(answer) as object).flat()
    const settings = new Map<string, string>()
    for (let index = 0; index < flat.length; index += 2) settings.set(String(flat[index]), String(flat[index + 1]))
    return settings
  } catch (error) {
    // Managed services remove the command, and an ACL may forbid it.
    if (codeWordOf(error) === undefined) throw error
    return undefined
  }
}

function infoOf(answer: unknown): ReadonlyMap<string, string> {
  const lines = String(answer)
    .split('\r\n')
    .map((line) => line.split(':'))
  return new Map(lines.map(([name = '', ...value]) => [name, value.join(':')]))
}

export function factsOf({ engine, replicas, settings }: Findings): Facts {
  const isLogged = settings?.get('appendonly') === 'yes'
  const isFlushed = isLogged && settings.get('appendfsync') === 'always'
  const evicts =
    settings !== undefined && settings.get('maxmemory') !== '0' && settings.get('maxmemory-policy') !== 'noeviction'
  const isDurable = isFlushed && replicas === 0 && !evicts
  return {
    engine,
    safetyClass: isDurable ? 'durable' : 'best-effort',
    reasons: reasonsOf({ isLogged, isFlushed, replicas, evicts, isTold: settings !== undefined }),
    clock: 'the wall clock of the Redis server',
    expiry: 'engine',
    tokens:
      "max(last + 1, the server's wall clock in µs), kept with the lock; they survive the loss of all data as long as the clock goes forward",
    order: 'fifo',
    wakeUp: 'push',
    ttl: { per: 'claim', granularityMs: 1, minMs: TTL_MS_MIN, maxMs: TTL_MS_MAX },
    losesLock: [
      'FLUSHALL, FLUSHDB, or deleting its keys',
      'a clock of the server that is set forward by more than what is left of the lease',
      ...(isFlushed
        ? []
        : [
            isLogged
              ? 'a crash of the machine: the last second is lost'
              : 'a restart of the server: it keeps nothing, or only snapshots',
          ]),
      ...(replicas > 0 || settings === undefined ? ['a failover to a replica that had not heard of the lock yet'] : []),
      ...(evicts ? ['eviction of its keys when the memory is full'] : []),
    ],
    breaksTokens: [
      'loss of the data together with a clock that is set back',
      'a failover to a server whose clock is behind by more than the failover took',
    ],
    lacks: {},
  }
}

interface Traits {
  readonly isLogged: boolean
  readonly isFlushed: boolean
  readonly replicas: number
  readonly evicts: boolean
  readonly isTold: boolean
}

function reasonsOf({ isLogged, isFlushed, replicas, evicts, isTold }: Traits): readonly string[] {
  const reasons = ['One server decides every change in one script.']
  if (!isTold) {
    return [
      ...reasons,
      'The server does not tell its configuration (CONFIG GET is refused), so nothing durable is assumed.',
    ]
  }
  if (isFlushed)
    reasons.push('Every change is flushed to the append-only file before it is answered (appendfsync always).')
  else if (isLogged)
    reasons.push('The append-only file may lack the last second after a crash (set appendfsync always).')
  else
    reasons.push(
      'It keeps no append-only file, so a restart forgets locks (set appendonly yes and appendfsync always).',
    )
  if (replicas > 0) reasons.push(`It has ${replicas} replicas, which follow later: a failover may forget locks.`)
  if (evicts)
    reasons.push('It evicts keys when its memory is full, and locks with them (set maxmemory-policy noeviction).')
  return reasons
}
