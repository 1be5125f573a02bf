/** The process of a MariaDB or MySQL: their settings, their way to run as root, and the first word they say. */
import { writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { Program } from '../driver.ts'
import type { Engine, StartOptions } from '../engine.ts'
import { reservePort } from '../ports.ts'
import { startServer } from '../server.ts'

export interface MysqlOptions extends StartOptions {
  /** More settings, as the command line takes them; they come last and win. */
  readonly config?: Readonly<Record<string, string>>
  /** Reserved by the caller. */
  readonly port?: number
}

export interface MysqlSpec {
  readonly engineName: string
  readonly program: Program
  readonly options: MysqlOptions
  /** Makes the system tables. `account`: the arguments that let it run as root. */
  fill(dataFolder: string, account: readonly string[]): Promise<void>
  /** Settings that only one of the two knows. */
  readonly settings?: Readonly<Record<string, string>>
}

const LOOPBACK = '127.0.0.1'
const PING_WITHIN_MS = 1_000
const INIT_FILE = 'init.sql'
/** One statement a line. A server that looks up no names of hosts lets in the socket alone at first. */
const INIT = `CREATE DATABASE IF NOT EXISTS locks;
CREATE USER IF NOT EXISTS 'root'@'%';
GRANT ALL ON *.* TO 'root'@'%' WITH GRANT OPTION;
`
const SOCKET_FOLDER_MAX = 85
/** A greeting begins behind a head of four bytes, with the version of the protocol. */
const GREETING = { at: 4, protocol: 10 } as const

/** The user `root` has no password, and there is one database: `locks`. */
export async function startMysql(spec: MysqlSpec): Promise<Engine> {
  const { engineName, program, options } = spec
  const port = options.port ?? (await reservePort())
  const url = `${engineName}://root@${options.address ?? LOOPBACK}:${port}/locks`
  const { storage, environment, folder, within, address } = options
  const account = process.getuid?.() === 0 ? ['--user=root'] : []
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
    async fill(data) {
      await spec.fill(data, account)
      await writeFile(join(data, INIT_FILE), INIT)
    },
    command: (data) => [...program.command, '--no-defaults', ...account, ...settingsOf(data, port, spec)],
    answers: async () => {
      await ping(url)
      return true
    },
  })
}

function settingsOf(data: string, port: number, { options, settings: own }: MysqlSpec): readonly string[] {
  const settings: Readonly<Record<string, string>> = {
    datadir: data,
    // A server deletes at its start what it takes for leftovers of its own.
    tmpdir: data,
    'bind-address': options.address ?? LOOPBACK,
    port: String(port),
    // A socket's path has at most 107 bytes.
    socket: join(data.length > SOCKET_FOLDER_MAX ? '/tmp' : data, `${port}.sock`),
    'pid-file': join(data, 'pid'),
    'init-file': join(data, INIT_FILE),
    'skip-log-bin': '',
    'skip-name-resolve': '',
    'max-connections': '1000',
    'innodb-buffer-pool-size': '64M',
    'performance-schema': 'OFF',
    ...own,
    ...options.config,
  }
  return Object.entries(settings).map(([name, value]) => (value === '' ? `--${name}` : `--${name}=${value}`))
}

/** Resolves when the server greets; while it starts or stops it refuses instead. */
export async function ping(url: string): Promise<void> {
  const { hostname, port } = new URL(url)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const socket = connect({ host: hostname, port: Number(port), timeout: PING_WITHIN_MS })
  socket.once('error', reject)
  socket.once('close', () => reject(new Error('the server closed the connection')))
  socket.once('timeout', () => reject(new Error(`no greeting came within ${PING_WITHIN_MS} ms`)))
  socket.once('data', (bytes: Buffer) => {
    if (bytes[GREETING.at] === GREETING.protocol) resolve()
    else reject(new Error(bytes.toString('utf8', GREETING.at)))
  })
  try {
    await promise
  } finally {
    socket.destroy()
  }
}
