/** What each server that a URL names says of itself, and what all of them grant, for people: asked once. */
import { driversWords } from '../../store/drivers-words.ts'
import { environmentOf, timersOf } from '../../store/environment.ts'
import { systemClock } from '../../time/clock.ts'
import { ZookeeperClient, type ZookeeperPlan } from './client.ts'
import type { ZookeeperServer } from './connection.ts'
import { grantedRange } from './findings.ts'
import { statusOf } from './server-status.ts'

/** A server as it was found, or why it was not. */
export interface ZookeeperServerState {
  /** As in the URL: host and port. */
  readonly address: string
  /** Why nothing is known of it, which may be that its `4lw.commands.whitelist` lacks `srvr`; then the rest is absent. */
  readonly failure?: string
  /** Of its program, such as `3.8.0`. */
  readonly version?: string
  /** Whether it decides alone or leads the others. */
  readonly isLeader?: boolean
  /** `leader`, `follower`, `observer` or `standalone`, in its own word. */
  readonly mode?: string
  readonly nodeCount?: number
}

/** What the servers answer together. */
export interface ZookeeperState {
  readonly servers: readonly ZookeeperServerState[]
  /** The shortest and the longest session that is granted. @default no session came about */
  readonly sessions?: { readonly minMs: number; readonly maxMs: number }
  /** How far the wall clock of the leader is ahead of that of this machine. @default the root is not there yet */
  readonly clockAheadMs?: number
}

/** `clockPath`: a node below the root that may be written. */
export async function zookeeperStateOf(plan: ZookeeperPlan, clockPath: string): Promise<ZookeeperState> {
  const environment = environmentOf(systemClock, timersOf(systemClock), new AbortController().signal)
  const client = new ZookeeperClient(plan, environment)
  try {
    const [servers, sessions, clockAheadMs] = await Promise.all([
      Promise.all(plan.servers.map((server) => serverState(plan, server))),
      grantedRange(client).catch(() => undefined),
      aheadMs(client, clockPath).catch(() => undefined),
    ])
    return {
      servers,
      ...(sessions !== undefined && { sessions }),
      ...(clockAheadMs !== undefined && { clockAheadMs }),
    }
  } finally {
    await client.close()
  }
}

async function serverState({ tls }: ZookeeperPlan, server: ZookeeperServer): Promise<ZookeeperServerState> {
  const address = `${server.host}:${server.port}`
  try {
    const { version, mode, nodeCount } = await statusOf(server, await tls?.())
    return { address, version, mode, isLeader: mode === 'leader' || mode === 'standalone', nodeCount }
  } catch (error) {
    return { address, failure: driversWords(error) }
  }
}

async function aheadMs(client: ZookeeperClient, clockPath: string): Promise<number> {
  const tree = await client.home()
  const beforeMs = systemClock.wallMs()
  const { changedWallMs } = await tree.setData(clockPath, new Uint8Array())
  // It was written between the two: nothing in there is a difference.
  const afterMs = systemClock.wallMs()
  return Math.round(Math.max(0, changedWallMs - afterMs) - Math.max(0, beforeMs - changedWallMs))
}
