/** One ZooKeeper on demand: alone, or a member of an ensemble whose other members are named when it starts. */
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { which } from '../command.ts'
import type { Program } from '../driver.ts'
import { type Engine, EngineNotAvailable, type Release, type StartOptions } from '../engine.ts'
import { locateInstalled, versionOf, type Wanted } from '../install.ts'
import { reservePort } from '../ports.ts'
import { startServer } from '../server.ts'

export const engineName = 'zookeeper'
export const packages: readonly string[] = ['libzookeeper-java', 'default-jre-headless']

const LOOPBACK = '127.0.0.1'
const PING_WITHIN_MS = 1_000
const ANSWER_BYTES_MAX = 64 * 1024
const JAVA_ARCHIVES = '/usr/share/java'
const ARCHIVES = [
  'zookeeper',
  'zookeeper-jute',
  'slf4j-api',
  'slf4j-simple',
  'metrics-core',
  'snappy-java',
  'netty-codec',
]
/** A small server that lives for seconds: the second compiler and parallel collectors would cost more than they bring. */
const JAVA_FLAGS: readonly string[] = [
  '-XX:TieredStopAtLevel=1',
  '-XX:+UseSerialGC',
  '-Xmx64m',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
]
const MAIN = 'org.apache.zookeeper.server.quorum.QuorumPeerMain'

export interface ZookeeperMember {
  /** Where it listens for the others: an address, or a name. */
  readonly address: string
  readonly peerPort: number
  readonly electionPort: number
}

export interface ZookeeperOptions extends StartOptions {
  /** More lines of its configuration, such as `maxSessionTimeout`. */
  readonly settings?: Readonly<Record<string, string>>
  /** All members, and which of them this one is. @default it is alone */
  readonly ensemble?: { readonly members: readonly ZookeeperMember[]; readonly index: number }
  /** Addresses by the names of the members, instead of those that the machine knows. */
  readonly names?: Readonly<Record<string, string>>
  /** Reserved by the caller. */
  readonly port?: number
}

const java: Wanted = {
  engineName,
  packages,
  program: 'java',
  find: async () => (classPath().every((path) => existsSync(path)) ? await which('java') : undefined),
  version: { args: ['--version'], pattern: /(\d+(?:\.\d+)*)/ },
}
const own: Wanted = {
  ...java,
  version: { args: ['org.apache.zookeeper.version.VersionInfoMain'], pattern: /version (\d+(?:\.\d+)+)/ },
}

let found: Promise<Program> | undefined

export function locate(release: Release = 'stable'): Promise<Program> {
  if (release === 'newer') {
    return Promise.reject(new EngineNotAvailable(engineName, 'only the version of this Debian can be started'))
  }
  found ??= locateArchives().catch((error: unknown) => {
    found = undefined
    throw error
  })
  return found
}

async function locateArchives(): Promise<Program> {
  const [program] = (await locateInstalled(java)).command
  const command: Program['command'] = [program, ...JAVA_FLAGS, '-cp', classPath().join(':')]
  return { version: await versionOf(command, own), command }
}

function classPath(): readonly string[] {
  return ARCHIVES.map((name) => join(JAVA_ARCHIVES, `${name}.jar`))
}

export async function start(options: ZookeeperOptions = {}): Promise<Engine> {
  const program = await locate(options.release)
  const port = options.port ?? (await reservePort())
  const { storage, environment, folder, within, address = LOOPBACK } = options
  return startServer({
    name: `${engineName} ${program.version}`,
    label: engineName,
    port,
    url: `zookeeper://${address}:${port}`,
    ...(storage !== undefined && { storage }),
    ...(environment !== undefined && { environment }),
    ...(folder !== undefined && { folder }),
    ...(within !== undefined && { within }),
    address,
    fill: async (data) => {
      await writeFile(join(data, 'zoo.cfg'), configuration(data, port, address, options))
      if (options.names !== undefined) await writeFile(hostsFile(data), hostsOf(options.names))
      if (options.ensemble !== undefined) await writeFile(join(data, 'myid'), `${options.ensemble.index + 1}`)
    },
    command: (data) => {
      const flags = options.names === undefined ? [] : [`-Djdk.net.hosts.file=${hostsFile(data)}`]
      return [...program.command, ...flags, MAIN, join(data, 'zoo.cfg')]
    },
    // A member serves no clients before it hears a majority, and may be started to wait for one.
    answers: async () =>
      options.ensemble === undefined
        ? (await ask(address, port, 'isro')) === 'rw'
        : (await ask(address, port, 'ruok')) === 'imok',
  })
}

function hostsFile(data: string): string {
  return join(data, 'hosts')
}

function hostsOf(names: Readonly<Record<string, string>>): string {
  return Object.entries(names)
    .map(([name, address]) => `${address} ${name}\n`)
    .join('')
}

function configuration(data: string, port: number, address: string, { ensemble, settings }: ZookeeperOptions): string {
  const lines = {
    dataDir: data,
    clientPort: String(port),
    clientPortAddress: address,
    // What a follower may be behind, and how late a session ends, are counted in ticks.
    tickTime: '500',
    initLimit: '20',
    syncLimit: '4',
    maxClientCnxns: '0',
    maxSessionTimeout: '200000',
    preAllocSize: '1024',
    'admin.enableServer': 'false',
    '4lw.commands.whitelist': 'isro,ruok,srvr,mntr,conf',
    ...settings,
  }
  const members = (ensemble?.members ?? []).map(
    (member, index) => [`server.${index + 1}`, `${member.address}:${member.peerPort}:${member.electionPort}`] as const,
  )
  return [...Object.entries(lines), ...members].map(([name, value]) => `${name}=${value}\n`).join('')
}

/** Resolves when the server serves clients, alone or as a member of a majority. */
export async function ping(url: string): Promise<void> {
  const { hostname, port } = new URL(url)
  if ((await modeOf(hostname, Number(port))) === undefined) throw new Error('it serves no clients yet')
}

/** `leader`, `follower` or `standalone`; undefined while it serves no clients. */
export async function modeOf(host: string, port: number): Promise<string | undefined> {
  return /^Mode: (\w+)$/m.exec(await ask(host, port, 'srvr'))?.[1]
}

/** One of its words of four letters, which it answers in plain text before it closes the connection. */
function ask(host: string, port: number, word: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const socket = connect({ host, port, timeout: PING_WITHIN_MS })
  let text = ''
  socket.setEncoding('utf8')
  socket.once('connect', () => socket.write(word))
  socket.on('data', (chunk: string) => {
    text += chunk
    if (text.length > ANSWER_BYTES_MAX) socket.destroy(new Error(`it answered ${word} with too much`))
  })
  socket.once('error', reject)
  socket.once('timeout', () => socket.destroy(new Error(`no answer to ${word} within ${PING_WITHIN_MS} ms`)))
  socket.once('close', () => resolve(text))
  return promise
}
