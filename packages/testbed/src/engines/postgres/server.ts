/** One PostgreSQL on demand. It refuses to run as root, so a process of root runs it as the user of the package. */
import { chmod, readdir, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { dirname, join } from 'node:path'
import { run, which } from '../command.ts'
import type { Program } from '../driver.ts'
import type { Engine, Release, StartOptions } from '../engine.ts'
import { locateInstalled, type Wanted } from '../install.ts'
import { reservePort } from '../ports.ts'
import { startServer } from '../server.ts'
import { locatePackaged } from './newer.ts'
import { asUser, openTo, ownedByServer, USER } from './user.ts'

export const engineName = 'postgres'
export const packages: readonly string[] = ['postgresql']

const VERSIONS = '/usr/lib/postgresql'
const FILL_WITHIN_MS = 60_000
const PING_WITHIN_MS = 1_000
const SOCKET_FOLDER_MAX = 85
const LOOPBACK = '127.0.0.1'
/** Version 3.0 of the protocol. */
const PROTOCOL = 196_608

export interface PostgresOptions extends StartOptions {
  /** Whether a commit waits for the disk. @default false, unless the storage is `disk` */
  readonly fsync?: boolean
  /** A standby of this server; it takes questions and no writes. */
  readonly standbyOf?: { readonly host: string; readonly port: number }
  /** More lines of postgresql.conf; they come last and win. */
  readonly config?: Readonly<Record<string, string>>
  /** The lines of pg_hba.conf in place of those that let every user of this machine in. `ping` needs one that asks or trusts. */
  readonly access?: readonly string[]
  /** Files beside the data, for the server alone, such as its certificate and its key. */
  readonly files?: Readonly<Record<string, string>>
  /** Reserved by the caller. */
  readonly port?: number
}

const WANTED: Wanted = {
  engineName,
  packages,
  program: 'postgres',
  find: newestInstalled,
  version: { args: ['--version'], pattern: /\(PostgreSQL\) (\d+(?:\.\d+)+)/ },
}

const found = new Map<Release, Promise<Program>>()

export function locate(release: Release = 'stable'): Promise<Program> {
  const known = found.get(release)
  if (known !== undefined) return known
  const locating = release === 'newer' ? locatePackaged(WANTED) : locateInstalled(WANTED)
  found.set(release, locating)
  locating.catch(() => found.delete(release))
  return locating
}

/** Debian keeps the programs of each version in a folder of their own, and none of them in the PATH. */
async function newestInstalled(): Promise<string | undefined> {
  const versions = await readdir(VERSIONS).catch((): string[] => [])
  for (const version of versions.toSorted((one, other) => Number(other) - Number(one))) {
    const program = join(VERSIONS, version, 'bin', 'postgres')
    if ((await which(program)) !== undefined) return program
  }
  return which('postgres')
}

export async function start(options: PostgresOptions = {}): Promise<Engine> {
  const program = await locate(options.release)
  const port = options.port ?? (await reservePort())
  const url = `postgres://${USER}@${options.address ?? LOOPBACK}:${port}/postgres`
  const [postgres] = program.command
  const { storage, environment, folder, within, address } = options
  return startServer({
    name: `${engineName} ${program.version}`,
    label: engineName,
    port,
    url,
    ...(storage !== undefined && { storage }),
    ...(environment !== undefined && { environment }),
    ...(folder !== undefined && { folder }),
    ...(within !== undefined && { within }),
    ...(address !== undefined && { address }),
    fill: (data) => fill(data, dirname(postgres), port, options),
    command: (data) => asUser([postgres, '-D', data]),
    stopSignal: 'SIGINT',
    answers: async () => {
      await ping(url)
      return true
    },
  })
}

async function fill(data: string, programs: string, port: number, options: PostgresOptions): Promise<void> {
  await openTo(data)
  const { standbyOf } = options
  const [program, ...args] =
    standbyOf === undefined
      ? asUser([join(programs, 'initdb'), '-D', data, ...INITDB])
      : asUser([join(programs, 'pg_basebackup'), '-D', data, ...copying(standbyOf)])
  await run(program, args, { withinMs: FILL_WITHIN_MS, cwd: '/' })
  // A copy of a primary is made with the rights of the folder as it was found, and the server wants it for itself.
  await chmod(data, 0o700)
  const configuration = join(data, 'postgresql.conf')
  await writeFile(configuration, configurationOf(data, port, options), { flag: 'a' })
  if (options.access !== undefined) await writeFile(join(data, 'pg_hba.conf'), `${options.access.join('\n')}\n`)
  for (const [name, text] of Object.entries(options.files ?? {})) {
    await writeFile(join(data, name), text, { mode: 0o600 })
    await ownedByServer(join(data, name))
  }
}

function copying({ host, port }: { readonly host: string; readonly port: number }): readonly string[] {
  return ['-h', host, '-p', String(port), '-U', USER, '-R', '-X', 'stream', '-c', 'fast', '--no-sync']
}

const INITDB = ['--username', USER, '--auth', 'trust', '--encoding', 'UTF8', '--no-locale', '--no-sync']

function configurationOf(data: string, port: number, options: PostgresOptions): string {
  const waitsForDisk = options.fsync ?? options.storage === 'disk'
  const settings = {
    listen_addresses: options.address ?? LOOPBACK,
    port: String(port),
    // A socket's path has at most 107 bytes.
    unix_socket_directories: data.length > SOCKET_FOLDER_MAX ? '' : data,
    fsync: waitsForDisk ? 'on' : 'off',
    max_connections: '200',
    shared_buffers: '16MB',
    ...options.config,
  }
  return Object.entries(settings)
    .map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'\n`)
    .join('')
}

/** Resolves when the server asks who is there; while it starts or recovers it refuses instead. */
export async function ping(url: string): Promise<void> {
  const { hostname, port } = new URL(url)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const socket = connect({ host: hostname, port: Number(port), timeout: PING_WITHIN_MS })
  socket.once('connect', () => socket.write(startupMessage()))
  socket.once('error', reject)
  socket.once('close', () => reject(new Error('the server closed the connection')))
  socket.once('timeout', () => reject(new Error(`no answer came within ${PING_WITHIN_MS} ms`)))
  socket.once('data', (bytes: Buffer) => {
    if (bytes[0] === 'R'.codePointAt(0)) resolve()
    else reject(new Error(bytes.toString('utf8', 5).replaceAll('\0', ' ')))
  })
  try {
    await promise
  } finally {
    socket.destroy()
  }
}

function startupMessage(): Buffer {
  const words = Buffer.from(`user\0${USER}\0database\0postgres\0\0`)
  const head = Buffer.alloc(8)
  head.writeInt32BE(head.length + words.length, 0)
  head.writeInt32BE(PROTOCOL, 4)
  return Buffer.concat([head, words])
}
