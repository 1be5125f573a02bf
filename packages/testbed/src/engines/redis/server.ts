/** One Redis (or Valkey) on demand, with the options that decide what a lock on it is worth. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Program } from '../driver.ts'
import type { Engine, Release, StartOptions } from '../engine.ts'
import { locateInstalled } from '../install.ts'
import { reservePort } from '../ports.ts'
import { locateNewer } from '../newer.ts'
import { type ServerSpec, startServer } from '../server.ts'
import { until } from '../until.ts'
import { RespConnection } from './resp.ts'

export const engineName = 'redis'
/** The sentinel is the same program; its package would add no more than a service. */
export const packages: readonly string[] = ['redis-server']

const REPLICA_LINK_WITHIN_MS = 10_000
const PING_WITHIN_MS = 500
const LOOPBACK = '127.0.0.1'

export interface RedisOptions extends StartOptions {
  /**
   * `none` (the default) keeps nothing: stop, kill and restart all lose the data. `everysec` may lose the last second
   * when the machine fails, `always` nothing; both survive a mere kill, because the machine goes on.
   */
  readonly aof?: 'none' | 'everysec' | 'always'
  /** In Redis' words, for example `16mb`. */
  readonly maxmemory?: string
  readonly password?: string
  /** Follows this address from the start, which resolves only when the link is up. */
  readonly replicaOf?: { readonly host: string; readonly port: number }
  /** Where others should be sent to reach this server: the port of the proxy before it. */
  readonly announcedPort?: number
  /** More lines of redis.conf; they come last and win. A list repeats the directive. */
  readonly config?: Readonly<Record<string, string | readonly string[]>>
  /** Reserved by the caller, for a proxy that must know it before the server runs. */
  readonly port?: number
  /** Runs as a sentinel. */
  readonly sentinel?: boolean
}

let found: Partial<Record<Release, Promise<Program>>> = {}

export function locate(release: Release = 'stable'): Promise<Program> {
  found[release] ??= locateOnce(release)
  return found[release]
}

async function locateOnce(release: Release): Promise<Program> {
  const version = { args: ['--version'], pattern: /v=(\d+(?:\.\d+)+)/ }
  try {
    if (release === 'stable') return await locateInstalled({ engineName, packages, program: 'redis-server', version })
    return await locateNewer({ engineName, packages: ['valkey-server'], program: 'valkey-server', version })
  } catch (error) {
    found = { ...found, [release]: undefined }
    throw error
  }
}

export async function start(options: RedisOptions = {}): Promise<Engine> {
  const program = await locate(options.release)
  const port = options.port ?? (await reservePort())
  const place = `${options.address ?? LOOPBACK}:${port}`
  const url =
    options.password === undefined ? `redis://${place}` : `redis://:${encodeURIComponent(options.password)}@${place}`
  const engine = await startServer({
    name: `${program.command.at(-1)?.includes('valkey') === true ? 'valkey' : engineName} ${program.version}`,
    label: engineName,
    port,
    url,
    ...placeOf(options),
    // In the data folder, because a sentinel keeps its state in its configuration: a wipe takes both.
    fill: (folder) => writeFile(join(folder, 'redis.conf'), configuration(options, port, folder)),
    command: (folder) => [
      ...program.command,
      join(folder, 'redis.conf'),
      ...(options.sentinel === true ? ['--sentinel'] : []),
    ],
    answers: async () => {
      await ping(url)
      return true
    },
  })
  try {
    if (options.replicaOf !== undefined) await replicaIsLinked(engine)
    return engine
  } catch (error) {
    await engine.close()
    throw error
  }
}

function placeOf({ storage, environment, folder, within, address }: StartOptions): Partial<ServerSpec> {
  return {
    ...(storage !== undefined && { storage }),
    ...(environment !== undefined && { environment }),
    ...(folder !== undefined && { folder }),
    ...(within !== undefined && { within }),
    ...(address !== undefined && { address }),
  }
}

export async function ping(url: string): Promise<void> {
  await using connection = await RespConnection.open(url, { withinMs: PING_WITHIN_MS })
  await connection.command('PING')
}

function configuration(options: RedisOptions, port: number, folder: string): string {
  const lines: [string, string][] = [
    ['bind', options.address ?? LOOPBACK],
    // Elsewhere than on loopback Redis wants a password; a namespace is as closed as loopback is.
    ['protected-mode', options.address === undefined ? 'yes' : 'no'],
    ['port', String(port)],
    ['dir', folder],
    ['daemonize', 'no'],
  ]
  if (options.sentinel !== true) lines.push(...serverLines(options))
  for (const [directive, values] of Object.entries(options.config ?? {})) {
    for (const value of [values].flat()) lines.push([directive, value])
  }
  return lines.map(([directive, value]) => `${directive} ${value}\n`).join('')
}

function serverLines(options: RedisOptions): [string, string][] {
  const { aof = 'none', maxmemory, password, replicaOf, announcedPort } = options
  const lines: [string, string][] = [
    // No snapshots: what is kept is said by `aof` alone.
    ['save', '""'],
    ['appendonly', aof === 'none' ? 'no' : 'yes'],
    ['enable-debug-command', 'local'],
    ['repl-diskless-sync-delay', '0'],
  ]
  if (aof !== 'none') lines.push(['appendfsync', aof])
  if (maxmemory !== undefined) lines.push(['maxmemory', maxmemory])
  if (password !== undefined) lines.push(['requirepass', quoted(password)], ['masterauth', quoted(password)])
  if (replicaOf !== undefined) lines.push(['replicaof', `${replicaOf.host} ${replicaOf.port}`])
  if (announcedPort !== undefined) lines.push(['replica-announce-port', String(announcedPort)])
  return lines
}

/** A word of redis.conf that may hold spaces and quotes. */
export function quoted(word: string): string {
  return `"${word.replaceAll(/[\\"]/g, String.raw`\$&`)}"`
}

async function replicaIsLinked(replica: Engine): Promise<void> {
  await using connection = await RespConnection.open(replica.url)
  await until(async () => String(await connection.command('INFO', 'replication')).includes('master_link_status:up'), {
    withinMs: REPLICA_LINK_WITHIN_MS,
    what: `the link of the replica ${replica.name}`,
  })
}
