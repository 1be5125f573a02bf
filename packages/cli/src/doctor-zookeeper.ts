/** What `holdfast doctor` asks the servers of a ZooKeeper themselves: how many are there, who leads, which sessions they grant. */
import { type ZookeeperServerState, type ZookeeperState, zookeeperServers } from 'holdfast/zookeeper'
import { accessFinding, quorumFinding } from './doctor-members.ts'
import type { Finding } from './doctor-report.ts'

/** What is granted where nothing is configured: 20 ticks of 2 s. */
const SESSION_MS_DEFAULT = 40_000
/** A minimum hold and a lock-delay may be wrong by so much. */
const CLOCK_MS_MAX = 1_000

/** Empty where no server answers: the opening says why. */
export async function zookeeperFindings(url: string): Promise<readonly Finding[]> {
  const state = await zookeeperServers(url)
  if (state.servers.every(({ failure }) => failure !== undefined)) return []
  return [
    quorumFinding(state.servers),
    versions(state.servers),
    ...sessions(state),
    ...clock(state),
    accessFinding(url, 'this ZooKeeper may delete its nodes'),
  ]
}

function versions(servers: readonly ZookeeperServerState[]): Finding {
  const found = [...new Set(servers.flatMap(({ version }) => version ?? []))].toSorted()
  const finding = { check: 'version', seen: found.length === 0 ? 'not known' : `ZooKeeper ${found.join(' and ')}` }
  return found.length > 1
    ? { ...finding, level: 'note', advice: 'The servers are of different versions: end the upgrade.' }
    : { ...finding, level: 'ok' }
}

function sessions({ sessions: granted }: ZookeeperState): readonly Finding[] {
  if (granted === undefined) return []
  const finding = { check: 'sessions', seen: `sessions of ${granted.minMs} to ${granted.maxMs} ms are granted` }
  const advice = 'The longest ttl and lock-delay are shorter by followerLag: raise maxSessionTimeout.'
  return [granted.maxMs < SESSION_MS_DEFAULT ? { ...finding, level: 'note', advice } : { ...finding, level: 'ok' }]
}

function clock({ clockAheadMs }: ZookeeperState): readonly Finding[] {
  if (clockAheadMs === undefined) return []
  const words = clockAheadMs < 0 ? `${-clockAheadMs} ms behind` : `${clockAheadMs} ms ahead of`
  const finding = { check: 'clock', seen: `the clock of the leader is ${words} this machine's` }
  const advice =
    'A minimum hold and the lock-delay after an eviction are counted by it when the leader changes: set the clocks.'
  return [Math.abs(clockAheadMs) > CLOCK_MS_MAX ? { ...finding, level: 'note', advice } : { ...finding, level: 'ok' }]
}
