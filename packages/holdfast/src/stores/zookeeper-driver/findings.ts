/** What the servers say of themselves: how many there are, and which sessions they grant. */
import type { ZookeeperClient } from './client.ts'
import { statusOf } from './server-status.ts'
import { NodeTree } from './tree.ts'

export interface ZookeeperFindings {
  /** Undefined where no server may tell it. */
  readonly version: string | undefined
  /** Those that decide, and all that may be connected to; undefined where this user may not read it, 0 for a server alone. */
  readonly voterCount: number | undefined
  readonly serverCount: number | undefined
  /** The shortest and the longest session that is granted. */
  readonly sessionMsMin: number
  readonly sessionMsMax: number
}

const SESSION_MS_WISH_MAX = 2 ** 31 - 1
const CONFIGURATION_PATH = '/zookeeper/config'

export async function probedZookeeper(client: ZookeeperClient): Promise<ZookeeperFindings> {
  const [{ minMs: sessionMsMin, maxMs: sessionMsMax }, version] = await Promise.all([
    grantedRange(client),
    versionOfAny(client),
  ])
  const text = await configuration(client)
  const servers = text?.match(/^server\.\d+=.*$/gm) ?? []
  const voterCount = servers.filter((line) => !/:observer\b/.test(line)).length
  const counts = text === undefined ? {} : { voterCount, serverCount: servers.length }
  return { version, voterCount: undefined, serverCount: undefined, ...counts, sessionMsMin, sessionMsMax }
}

/** The shortest and the longest session. */
export async function grantedRange(
  client: ZookeeperClient,
): Promise<{ readonly minMs: number; readonly maxMs: number }> {
  const [minMs, maxMs] = await Promise.all([grantedMs(client, 1), grantedMs(client, SESSION_MS_WISH_MAX)])
  return { minMs, maxMs }
}

async function grantedMs(client: ZookeeperClient, timeoutMs: number): Promise<number> {
  const session = await client.call('opening', client.open(timeoutMs))
  const granted = session.grant.timeoutMs
  await session.close()
  return granted
}

/** Of the first server that answers; no lock depends on it. */
async function versionOfAny({ plan: { servers, tls } }: ZookeeperClient): Promise<string | undefined> {
  const certificates = await tls?.()
  const answers = servers.map((server) => statusOf(server, certificates))
  return await Promise.any(answers).then(
    ({ version }) => version,
    () => undefined,
  )
}

/** Undefined where it may not be read. */
async function configuration(client: ZookeeperClient): Promise<string | undefined> {
  const session = await client.homeSession()
  const read = new NodeTree(session, '').getData(CONFIGURATION_PATH)
  return await read.then(
    ({ data }) => String(data),
    () => undefined,
  )
}
