/** Asks a server what it is and how it is set up, when a store opens. */
import { StoreUnavailable } from '../../../core/errors.ts'
import { CLUSTER_REFUSED, type RedisPort } from './client.ts'
import { codeWordOf } from './errors.ts'

/** Older servers hide the code word of an error inside a script, so a full server could not be told from a defect. */
const MAJOR_MIN = 7

export interface Findings {
  /** Name and version. */
  readonly engine: string
  /** Of this very process: two connections with the same one lead to the same server. */
  readonly runId: string
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
  const runId = info.get('run_id') ?? ''
  return { engine, runId, replicas: Number(info.get('connected_slaves') ?? 0), settings: await settingsOf(port) }
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
