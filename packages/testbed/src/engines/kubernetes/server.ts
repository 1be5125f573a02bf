/**
 * A stand-in for the API server of Kubernetes on demand, because no real one can be had: a small program of our own that has
 * Leases alone (stand-in.ts). Whatever is shown on it is not shown on Kubernetes.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Program } from '../driver.ts'
import { type Engine, EngineNotAvailable, type Release, type StartOptions } from '../engine.ts'
import { reservePort } from '../ports.ts'
import { startServer } from '../server.ts'
import type { StandInSettings } from './settings.ts'

export const engineName = 'kubernetes-stand-in'
/** It is a program of ours, which needs nothing but Node. */
export const packages: readonly string[] = []

const LOOPBACK = '127.0.0.1'
const PING_WITHIN_MS = 1_000
const HISTORY_LENGTH = 10_000
/** Beside this module, as a source or as it was built. */
const PROGRAM = fileURLToPath(new URL(`stand-in.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url))

export interface KubernetesOptions extends StartOptions, Partial<Pick<StandInSettings, 'users' | 'tls'>> {
  /** Reserved by the caller. */
  readonly port?: number
  /** @default `default` alone */
  readonly namespaces?: readonly string[]
  /** @default 10,000 changes */
  readonly historyLength?: number
}

export async function locate(release: Release = 'stable'): Promise<Program> {
  if (release === 'newer') throw new EngineNotAvailable(engineName, 'there is only the stand-in of this repository')
  return { version: '1', command: [process.execPath, PROGRAM] }
}

export async function start(options: KubernetesOptions = {}): Promise<Engine> {
  const { command, version } = await locate(options.release)
  const port = options.port ?? (await reservePort())
  const { storage, environment, folder, within, address = LOOPBACK, tls, users } = options
  const { namespaces = ['default'], historyLength = HISTORY_LENGTH } = options
  const url = `${tls === undefined ? 'http' : 'https'}://${address}:${port}`
  return startServer({
    name: `${engineName} ${version}`,
    label: engineName,
    port,
    url,
    ...(storage !== undefined && { storage }),
    ...(environment !== undefined && { environment }),
    ...(folder !== undefined && { folder }),
    ...(within !== undefined && { within }),
    address,
    fill: async (data) => {
      const log = join(data, 'changes')
      const more = { ...(tls !== undefined && { tls }), ...(users !== undefined && { users }) }
      const settings: StandInSettings = { address, port, log, namespaces, historyLength, ...more }
      await writeFile(join(data, 'settings.json'), JSON.stringify(settings))
    },
    command: (data) => [...command, join(data, 'settings.json')],
    answers: async () => {
      await ping(url)
      return true
    },
  })
}

/** Resolves when it says its version, or that a login is needed; one that speaks TLS is believed without being asked for its name. */
export async function ping(url: string): Promise<void> {
  const { protocol, hostname, port } = new URL(url)
  const { get } = protocol === 'https:' ? await import('node:https') : await import('node:http')
  const signal = AbortSignal.timeout(PING_WITHIN_MS)
  const options = { host: hostname, port, path: '/version', signal, rejectUnauthorized: false, agent: false }
  const status = await new Promise<number | undefined>((resolve, reject) => {
    get(options, (response) => {
      response.resume()
      resolve(response.statusCode)
    }).on('error', reject)
  })
  if (status !== 200 && status !== 401) throw new Error(`it answered ${status}`)
}
