/** One NATS with JetStream on demand: alone, or a member of a cluster whose other members are named when it starts. */
import { createConnection } from 'node:net'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Program } from '../driver.ts'
import { type Engine, EngineNotAvailable, type Release, type StartOptions } from '../engine.ts'
import { locateInstalled } from '../install.ts'
import { reservePort } from '../ports.ts'
import { startServer } from '../server.ts'

export const engineName = 'nats'
export const packages: readonly string[] = ['nats-server']

const LOOPBACK = '127.0.0.1'
const PING_WITHIN_MS = 1_000

export interface NatsOptions extends StartOptions {
  /** Reserved by the caller. */
  readonly port?: number
  /** More lines of its configuration, in its own form. */
  readonly config?: string
  /** Of a cluster: its own name, the port for the others, and the ports of all. @default it is alone */
  readonly member?: NatsMember
}

export interface NatsMember {
  readonly name: string
  readonly routePort: number
  readonly routePorts: readonly number[]
}

let found: Promise<Program> | undefined

export function locate(release: Release = 'stable'): Promise<Program> {
  if (release === 'newer') {
    return Promise.reject(new EngineNotAvailable(engineName, 'only the version of Debian stable can be started'))
  }
  const version = { args: ['--version'], pattern: /v(\d+(?:\.\d+)+)/ }
  found ??= locateInstalled({ engineName, packages, program: 'nats-server', version }).catch((error: unknown) => {
    found = undefined
    throw error
  })
  return found
}

export async function start(options: NatsOptions = {}): Promise<Engine> {
  const program = await locate(options.release)
  const port = options.port ?? (await reservePort())
  const { storage, environment, folder, within, address = LOOPBACK } = options
  const url = `nats://${address}:${port}`
  return startServer({
    name: `${engineName} ${program.version}`,
    label: engineName,
    port,
    url,
    ...(storage !== undefined && { storage }),
    ...(environment !== undefined && { environment }),
    ...(folder !== undefined && { folder }),
    ...(within !== undefined && { within }),
    address,
    fill: (data) => writeFile(join(data, 'nats.conf'), configuration(options, data)),
    command: (data) => [...program.command, '-c', join(data, 'nats.conf'), '-a', address, '-p', String(port)],
    answers: async () => {
      await ping(url)
      return true
    },
  })
}

function configuration({ member, config = '' }: NatsOptions, data: string): string {
  const lines = [`jetstream { store_dir: "${join(data, 'jetstream')}" }`, config]
  if (member !== undefined) {
    const routes = member.routePorts.map((port) => `nats://${LOOPBACK}:${port}`).join(', ')
    lines.push(
      `server_name: "${member.name}"`,
      `cluster { name: holdfast, listen: "${LOOPBACK}:${member.routePort}", routes: [${routes}] }`,
    )
  }
  return `${lines.join('\n')}\n`
}

/** Resolves when the server introduces itself, which it does as soon as it takes connections. */
export async function ping(url: string): Promise<void> {
  const { hostname, port } = new URL(url)
  const socket = createConnection({ host: hostname, port: Number(port) })
  try {
    const signal = AbortSignal.timeout(PING_WITHIN_MS)
    const [greeting] = (await once(socket, 'data', { signal })) as [Buffer]
    if (!greeting.toString().startsWith('INFO ')) throw new Error('what answers is no NATS')
  } finally {
    socket.on('error', () => undefined).destroy()
  }
}
