/** What Redlock promises over these servers as they are set up: asked of each of them when the store opens. */
import { TTL_MS_MIN } from '../../store/limits.ts'
import type { Facts } from '../../store/facts.ts'
import type { ServerFindings } from '../redis-driver/probe.ts'
import type { NodeAddress } from './addresses.ts'
import { keepsAll } from './durable.ts'
import { CLOCKS_APART_MS, quarantineMs } from './limits.ts'
import type { Agreement } from './agreement.ts'
import { isFirstStart, type Marker } from './data-markers.ts'
import type { RedisNode } from './node.ts'

interface Found {
  readonly addresses: readonly NodeAddress[]
  readonly nodes: readonly RedisNode[]
  readonly majority: number
  readonly opened: readonly RedisNode[]
  readonly markers: readonly (Marker | undefined)[]
  readonly agreement: Agreement
  readonly bootstrap: 'auto' | 'delay'
}

const ONE_OWNER =
  'Redlock has one owner on each node, and its proof that tokens rise needs that: use one server (holdfast/redis)'

const UNNOTICED = 'a restart of a node that loads less than it had, where it does not tell its run_id'

export function factsOf(found: Found): Facts {
  const { nodes, majority, opened, agreement } = found
  const { keptOutMs, leaseMsMax } = agreement
  const engines = [...new Set(opened.flatMap(({ findings }) => findings?.engine ?? []))]
  return {
    engine: `Redlock, ${nodes.length} nodes of ${engines.join(' and ')}`,
    safetyClass: 'best-effort',
    reasons: reasonsOf(found),
    clock: 'the wall clock of each node, for its own vote',
    expiry: 'engine',
    tokenScale: 'clock',
    tokens:
      `the highest of the votes of ${majority} of ${nodes.length} nodes, near their clocks in µs; they survive the loss of the data of ` +
      `${nodes.length - majority} nodes in any ${seconds(quarantineMs(keptOutMs))}, because a node that lost its data is kept out for so long`,
    order: 'none',
    wakeUp: 'push',
    ttl: { per: 'claim', granularityMs: 1, minMs: TTL_MS_MIN, maxMs: leaseMsMax },
    lockRisks: [
      `loss of the data of so many nodes that fewer than ${majority} of those that voted are left`,
      'clocks of nodes that are set forward, or run fast, by more than what is left of the lease, on as many nodes',
      ...(opened.some(evicts) ? ['eviction of its keys on a node whose memory is full'] : []),
      ...(opened.some(isNameless) ? [UNNOTICED] : []),
    ],
    tokenRisks: [
      `loss of the data of more than ${nodes.length - majority} nodes within ${seconds(quarantineMs(keptOutMs))}, together with clocks that differ or are set back`,
      'a failover of nodes to replicas that had not heard of a vote: a node must be one server, without replicas that take over',
      ...(opened.some(evicts)
        ? ['eviction of single keys on a node whose memory is full, which it cannot notice']
        : []),
      ...(opened.some(isNameless) ? [UNNOTICED] : []),
    ],
    unsupported: { semaphore: ONE_OWNER, readWrite: ONE_OWNER, members: ONE_OWNER },
  }
}

function reasonsOf(found: Found): readonly string[] {
  const { nodes, opened, markers, agreement } = found
  const away = nodes.filter((node) => !opened.includes(node))
  const fresh = named(nodes, (_, index) => markers[index] !== undefined && markers[index].joinsInMs === undefined)
  const restarted = named(nodes, (_, index) => markers[index]?.mayHaveLost === true)
  const waiting = named(nodes, (_, index) => (markers[index]?.joinsInMs ?? 0) > 0)
  const behind = agreement.behind.flatMap((node) => nodes[node] ?? [])
  return [
    `${deciders(found)} by their clocks, so a clock that jumps can give a lock away early: put a guard at the resource.`,
    clocksOf(nodes),
    ...(behind.length > 0
      ? [`Under an older list of servers, so quarantined from their first vote: ${listed(behind)}.`]
      : []),
    ...(found.addresses.some(({ isNumbered }) => isNumbered)
      ? ['Servers that are called by their number, so another one in the same place goes unnoticed: give them names.']
      : []),
    ...(away.length > 0 ? [`Away when the store opened, and used when they are back: ${listed(away)}.`] : []),
    ...(fresh.length > 0 && !isFirstStart(markers)
      ? [
          `Without data, so quarantined for ${seconds(quarantineMs(found.agreement.keptOutMs))} from their first vote: ${listed(fresh)}.`,
        ]
      : []),
    ...(restarted.length > 0
      ? [
          `Restarted, perhaps without a part of their data, so quarantined for ${seconds(quarantineMs(found.agreement.keptOutMs))} from their first vote: ${listed(restarted)}.`,
        ]
      : []),
    ...(waiting.length > 0
      ? [`Quarantined, because they were restarted, lost their data or are new: ${listed(waiting)}.`]
      : []),
    ...(isFirstStart(markers) && found.bootstrap === 'auto'
      ? ['No node had any data, which was taken for a first start (bootstrap: auto).']
      : []),
    ...settingsOf(opened),
  ]
}

function deciders({ nodes, majority, agreement }: Found): string {
  return agreement.quorum.lists.length > 1
    ? `The list of servers is being changed: ${majority} of ${nodes.length} servers, so a majority of the old and of the new list, decide`
    : `A majority of ${nodes.length} independent servers (${majority}) decides`
}

function settingsOf(opened: readonly RedisNode[]): readonly string[] {
  const nameless = opened.filter(isNameless)
  const untold = opened.filter(({ findings }) => findings?.settings === undefined)
  const forgetful = opened.filter(({ findings }) => {
    return findings?.settings !== undefined && !keepsAll(findings)
  })
  const evicting = opened.filter(evicts)
  const followed = opened.filter(({ findings }) => (findings?.replicas ?? 0) > 0)
  return [
    ...(forgetful.length > 0
      ? [
          `A restart or a failover may take data (set appendonly yes, appendfsync always and no-appendfsync-on-rewrite no, without replicas), and each of them is answered by quarantine: ${listed(forgetful)}.`,
        ]
      : []),
    ...(evicting.length > 0
      ? [`Evicting keys when the memory is full (set maxmemory-policy noeviction): ${listed(evicting)}.`]
      : []),
    ...(followed.length > 0 ? [`With replicas, to which no failover may lead: ${listed(followed)}.`] : []),
    ...(nameless.length > 0
      ? [
          `Not telling their run_id (INFO), so a restart without a part of the data goes unnoticed: ${listed(nameless)}.`,
        ]
      : []),
    ...(untold.length > 0
      ? [
          `Not telling their configuration (CONFIG GET is refused, or leaves settings out), so each restart is answered by quarantine: ${listed(untold)}.`,
        ]
      : []),
  ]
}

/** As the answers of one moment show it: each clock lies between the sending and the coming of its answer. */
function clocksOf(nodes: readonly RedisNode[]): string {
  const known = nodes.flatMap(({ aheadUs }) => aheadUs ?? [])
  const surelyMs =
    Math.max(0, Math.max(...known.map(({ low }) => low)) - Math.min(...known.map(({ high }) => high))) / 1000
  const atMostMs =
    Math.max(0, Math.max(...known.map(({ high }) => high)) - Math.min(...known.map(({ low }) => low))) / 1000
  const seen = `The clocks of ${known.length} nodes differ by ${figure(surelyMs)} to ${figure(atMostMs)} ms`
  return surelyMs > CLOCKS_APART_MS
    ? `${seen}, which is more than ${CLOCKS_APART_MS} ms: run a time service (NTP) on each of them, and let it slew.`
    : `${seen}.`
}

function figure(ms: number): string {
  return ms < 10 ? ms.toFixed(1) : String(Math.round(ms))
}

function evicts({ findings }: { readonly findings: ServerFindings | undefined }): boolean {
  const settings = findings?.settings
  return (
    settings !== undefined && settings.get('maxmemory') !== '0' && settings.get('maxmemory-policy') !== 'noeviction'
  )
}

/** Of such a server nobody can say whether it was restarted. */
function isNameless({ findings }: { readonly findings: ServerFindings | undefined }): boolean {
  return findings?.runId === ''
}

function named(nodes: readonly RedisNode[], where: (node: RedisNode, index: number) => boolean): readonly RedisNode[] {
  return nodes.filter(where)
}

function listed(nodes: readonly RedisNode[]): string {
  return nodes.map(({ name }) => name).join(', ')
}

function seconds(ms: number): string {
  return `${Math.ceil(ms / 1000)} s`
}
