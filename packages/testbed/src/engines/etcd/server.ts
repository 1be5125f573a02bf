/** One etcd on demand: alone, or a member of a cluster whose other members are named when it starts. */
import { connect } from 'node:net'
import type { Program } from '../driver.ts'
import type { Engine, Release, StartOptions } from '../engine.ts'
import { locateInstalled, type Wanted } from '../install.ts'
import { locateNewer } from '../newer.ts'
import { releasePort, reservePort } from '../ports.ts'
import { startServer } from '../server.ts'

export const engineName = 'etcd'
export const packages: readonly string[] = ['etcd-server']

const LOOPBACK = '127.0.0.1'
const PING_WITHIN_MS = 1_000
/** A leader asks another member to lead before it ends, and waits for that where none can. */
const STOP_WITHIN_MS = 15_000

/** A certificate of the server, and the authority by which it judges those of its clients. */
export interface EtcdCertificates {
  readonly certificateFile: string
  readonly keyFile: string
  /** Clients must show a certificate of this authority. @default clients need none */
  readonly clientAuthorityFile?: string
}

export interface EtcdOptions extends StartOptions {
  readonly tls?: EtcdCertificates
  /** More flags, without their dashes. */
  readonly flags?: Readonly<Record<string, string>>
  /** Reserved by the caller, where members speak to each other. @default reserved here */
  readonly peerPort?: number
  /** All members, as `--initial-cluster` has them; this one is the one with its peer port. @default it is alone */
  readonly members?: readonly EtcdMember[]
  /** Reserved by the caller. */
  readonly port?: number
}

export interface EtcdMember {
  readonly name: string
  readonly peerUrl: string
}

const wanted: Wanted = {
  engineName,
  packages,
  program: 'etcd',
  version: { args: ['--version'], pattern: /etcd Version: (\d+(?:\.\d+)+)/ },
}
const located = new Map<Release, Promise<Program>>()

export function locate(release: Release = 'stable'): Promise<Program> {
  let program = located.get(release)
  if (program === undefined) {
    program = release === 'newer' ? locateNewer(wanted) : locateInstalled(wanted)
    located.set(release, program)
    program.catch(() => located.delete(release))
  }
  return program
}

export async function start(options: EtcdOptions = {}): Promise<Engine> {
  const program = await locate(options.release)
  const port = options.port ?? (await reservePort())
  const peerPort = options.peerPort ?? (await reservePort())
  const { storage, environment, folder, within, address = LOOPBACK } = options
  const scheme = options.tls === undefined ? 'http' : 'https'
  const url = `${scheme}://${address}:${port}`
  const engine = await startServer({
    name: `${engineName} ${program.version}`,
    label: engineName,
    port,
    url,
    ...(storage !== undefined && { storage }),
    ...(environment !== undefined && { environment }),
    ...(folder !== undefined && { folder }),
    ...(within !== undefined && { within }),
    address,
    fill: async () => undefined,
    stopWithinMs: STOP_WITHIN_MS,
    command: (data) => [...program.command, ...flagsOf(data, url, `http://${address}:${peerPort}`, options)],
    answers: async () => {
      await ping(url)
      return true
    },
  })
  if (options.peerPort !== undefined) return engine
  // What was reserved here ends with the engine.
  const close = engine.close.bind(engine)
  return Object.assign(engine, {
    close: async () => {
      await close()
      releasePort(peerPort)
    },
  })
}

function flagsOf(data: string, url: string, peerUrl: string, { tls, members, flags }: EtcdOptions): readonly string[] {
  const all = members ?? [{ name: 'alone', peerUrl }]
  // It may be known to the others by another address than the one at which it listens.
  const own = all.find((member) => new URL(member.peerUrl).port === new URL(peerUrl).port)
  const settings = {
    name: own?.name ?? 'alone',
    'data-dir': data,
    'listen-client-urls': url,
    'advertise-client-urls': url,
    'listen-peer-urls': peerUrl,
    'initial-advertise-peer-urls': own?.peerUrl ?? peerUrl,
    'initial-cluster': all.map((member) => `${member.name}=${member.peerUrl}`).join(','),
    'initial-cluster-state': 'new',
    logger: 'zap',
    'log-level': 'warn',
    ...(tls && { 'cert-file': tls.certificateFile, 'key-file': tls.keyFile }),
    ...(tls?.clientAuthorityFile !== undefined && {
      'client-cert-auth': 'true',
      'trusted-ca-file': tls.clientAuthorityFile,
    }),
    ...flags,
  }
  return Object.entries(settings).map(([name, value]) => `--${name}=${value}`)
}

/**
 * Resolves when the server takes connections, which it does once it has read its data and found the other members. With
 * TLS that is all that can be asked without a certificate; else it says its version.
 */
export async function ping(url: string): Promise<void> {
  const { protocol, hostname, port } = new URL(url)
  if (protocol === 'http:') {
    const answer = await fetch(`${url}/version`, { signal: AbortSignal.timeout(PING_WITHIN_MS) })
    if (!answer.ok) throw new Error(`it answered ${answer.status}`)
    return
  }
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const socket = connect({ host: hostname, port: Number(port), timeout: PING_WITHIN_MS })
  socket.once('connect', () => resolve())
  socket.once('error', reject)
  socket.once('timeout', () => reject(new Error(`no connection came about within ${PING_WITHIN_MS} ms`)))
  try {
    await promise
  } finally {
    socket.destroy()
  }
}
