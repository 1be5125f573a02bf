/** Opening: connects to a majority at least, looks whether the nodes have their data, and gathers what they promise. */
import { Agenda, type Alarms } from '../../core/agenda.ts'
import { newClaimId } from '../../core/claim.ts'
import { type Clock, sleep } from '../../core/clock.ts'
import { Misuse, StoreUnavailable } from '../../core/errors.ts'
import { ATTEMPT_MS_MAX } from '../../core/limits.ts'
import type { Facts, StoreEnvironment } from '../../core/store.ts'
import type { Findings } from '../shared/redis/probe.ts'
import { type Address, sameServer } from './addresses.ts'
import { Claims } from './claims.ts'
import { factsOf } from './facts.ts'
import type { Keys } from './keys.ts'
import { join, markersOf } from './markers.ts'
import { RedisNode } from './node.ts'
import { answersOf, causesOf, majorityOf, poll, troubleOf } from './quorum.ts'
import { messageOf } from './wire.ts'

/** Nodes that take longer than the majority by this are found by whoever needs them. */
const REST_MS = 500
const ALARMS_AT_ONCE_MAX = 1_000

export interface Plan {
  readonly addresses: readonly Address[]
  readonly keys: Keys
  readonly maxTtlMs: number
  readonly bootstrap: 'auto' | 'delay'
}

export interface Session {
  readonly nodes: readonly RedisNode[]
  /** How many of them make a grant. */
  readonly majority: number
  readonly clock: Clock
  readonly alarms: Alarms
  readonly claims: Claims
  readonly keys: Keys
  /** Where the scripts of others tell this store about its claims. */
  readonly channel: string
  /**
   * The longest lease that any client had said it may take when this one opened: so long is a node without its data kept
   * out. What a node says itself counts too, but one that lost its data has nothing to say.
   */
  readonly maxTtlMs: number
  /** No two votes of all clients are the same, and those of one client are numbered. */
  nextVote(claim: string): string
  close(): void
}

export async function openSession(
  plan: Plan,
  { clock, signal }: StoreEnvironment,
): Promise<{ readonly session: Session; readonly facts: Facts }> {
  throwIfAborted(signal)
  const fleet = fleetOf(plan, clock)
  const { nodes, majority, alarms, twice } = fleet
  try {
    const opened = await reached(fleet, clock)
    const [pair] = twice
    if (pair !== undefined) throw new Misuse(pair)
    throwIfAborted(signal)
    const markers = await markersOf({ ...fleet, clock }, plan.keys)
    await join({ ...fleet, clock }, plan, markers)
    throwIfAborted(signal)
    const maxTtlMs = Math.max(plan.maxTtlMs, ...markers.map((marker) => marker?.maxTtlMs ?? 0))
    const session: Session = {
      nodes,
      majority,
      clock,
      alarms,
      maxTtlMs,
      ...fleet.own,
      keys: plan.keys,
      close: fleet.close,
    }
    return { session, facts: factsOf({ ...plan, nodes, majority, markers, opened }) }
  } catch (error) {
    fleet.close()
    throw error
  }
}

interface Fleet {
  readonly nodes: readonly RedisNode[]
  readonly majority: number
  readonly alarms: Alarms
  /** What was found out about servers that are two nodes. */
  readonly twice: string[]
  readonly own: Pick<Session, 'claims' | 'channel' | 'nextVote'>
  close(): void
}

function fleetOf({ addresses, keys }: Plan, clock: Clock): Fleet {
  const client = newClaimId()
  const majority = majorityOf(addresses.length)
  const claims = new Claims(clock, majority)
  const channel = keys.channel(client)
  const processes = new Map<string, string>()
  const twice: string[] = []
  const nodes = addresses.map(
    ({ name, openPort }, index) =>
      new RedisNode(name, openPort, channel, clock, {
        onFound: (findings) => checkAlone(findings, name, processes, twice),
        onMessage(text) {
          const message = messageOf(text)
          if (message?.kind === 'free') claims.free(message.record, message.id, index)
          else if (message !== undefined) claims.evicted(message.record, message.id)
        },
        onUp: () => claims.hintAll(),
      }),
  )
  const alarms = new Agenda<() => void>(clock, {
    batchMax: ALARMS_AT_ONCE_MAX,
    due: (due) => due.forEach((alarm) => alarm()),
  })
  let votes = 0
  const nextVote = (claim: string): string => `${claim}.${client}-${(votes += 1)}`
  const close = (): void => {
    claims.close()
    for (const node of nodes) node.close()
  }
  return { nodes, majority, alarms, twice, own: { claims, channel, nextVote }, close }
}

function checkAlone({ runId }: Findings, name: string, processes: Map<string, string>, twice: string[]): void {
  const other = processes.get(runId)
  if (other === undefined || other === name || runId === '') {
    processes.set(runId, name)
    return
  }
  const words = sameServer(other, name)
  twice.push(words)
  throw new StoreUnavailable(words)
}

/** The nodes that were reached; throws with the cause of each that was not when they are no majority. */
async function reached({ nodes, majority, alarms, twice }: Fleet, clock: Clock): Promise<readonly RedisNode[]> {
  const opened = new Set<RedisNode>()
  const all = nodes.map(async (node) => {
    await node.open()
    opened.add(node)
  })
  await poll({
    nodes,
    clock,
    alarms,
    limitMs: ATTEMPT_MS_MAX,
    ask: async (node) => all[nodes.indexOf(node)],
    decide(replies, isOver) {
      if (answersOf(replies).length >= majority) return true
      if (!isOver || twice.length > 0) return isOver ? true : undefined
      const causes = causesOf(
        nodes,
        replies.map((reply) => troubleOf(reply, ATTEMPT_MS_MAX)),
      )
      throw new StoreUnavailable(`${majority} of ${nodes.length} nodes are needed to open Redlock: ${causes}`)
    },
  })
  const rest = new AbortController()
  await Promise.race([Promise.allSettled(all), sleep(clock, REST_MS, rest.signal)])
  rest.abort()
  return nodes.filter((node) => opened.has(node))
}

function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new StoreUnavailable('opening Redlock was aborted', { cause: signal.reason })
}
