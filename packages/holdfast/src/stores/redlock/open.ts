/** Opening: connects to a majority at least, looks whether the nodes have their data, and gathers what they promise. */
import { TimerQueue, type Timers } from '../../time/timer-queue.ts'
import { newClaimId } from '../../store/claim.ts'
import { type Clock, sleep } from '../../time/clock.ts'
import { Misuse, StoreUnavailable } from '../../store/errors.ts'
import { ATTEMPT_MS_MAX } from '../../store/limits.ts'
import type { StoreEnvironment } from '../../store/store.ts'
import type { Facts } from '../../store/facts.ts'
import type { ServerFindings } from '../redis-driver/probe.ts'
import { type NodeAddress, sameServer } from './addresses.ts'
import type { Electorate } from './attempt.ts'
import { VotedClaims } from './claims.ts'
import { factsOf } from './facts.ts'
import type { RedlockKeys } from './keys.ts'
import { isFirstStart, join, type Marker, markersOf, type Nodes } from './data-markers.ts'
import {
  type Agreement,
  agreementOf,
  begunTwice,
  type GivenLists,
  listsOf,
  nothingToChange,
  wordsOf,
} from './agreement.ts'
import { SessionList } from './session-list.ts'
import { membershipOf, quorumOf } from './membership.ts'
import { RedisNode } from './node.ts'
import { answersOf, causesOf, errorsOf, isHopeless, poll, troubleOf } from './quorum.ts'
import { messageOf } from './wire.ts'

/** Nodes that take longer than the majority by this are found when they are needed. */
const REST_MS = 500
const ALARMS_AT_ONCE_MAX = 1_000

export interface JoinPlan {
  /** Of all servers, also of those that are on the old list alone while it is changed. */
  readonly addresses: readonly NodeAddress[]
  readonly lists: GivenLists
  readonly keys: RedlockKeys
  readonly bootstrap: 'auto' | 'delay'
}

export interface RedlockSession extends Electorate {
  readonly claims: VotedClaims
  /** No two votes of all clients are the same, and those of one client are numbered. */
  nextVote(claim: string): string
  close(): void
}

export async function openSession(
  plan: JoinPlan,
  { clock, signal }: StoreEnvironment,
): Promise<{ readonly session: RedlockSession; readonly facts: Facts }> {
  throwIfAborted(signal)
  const fleet = fleetOf(plan, clock)
  const { nodes, majority, alarms, twice } = fleet
  try {
    const opened = await reached(fleet, clock)
    const [pair] = twice
    if (pair !== undefined) throw new Misuse(pair)
    throwIfAborted(signal)
    const markers = await markersOf({ ...fleet, clock }, plan.keys)
    const agreement = await agreed({ ...fleet, clock }, plan, markers)
    throwIfAborted(signal)
    const session: RedlockSession = {
      nodes,
      majority,
      clock,
      alarms,
      list: new SessionList(agreement),
      ...fleet.own,
      keys: plan.keys,
      close: fleet.close,
    }
    return { session, facts: factsOf({ ...plan, nodes, majority, markers, opened, agreement }) }
  } catch (error) {
    fleet.close()
    throw error
  }
}

/** The list that the nodes are under, which a first start makes. */
async function agreed(all: Nodes, plan: JoinPlan, markers: readonly (Marker | undefined)[]): Promise<Agreement> {
  const { lists, keys, bootstrap } = plan
  if (!isFirstStart(markers)) return agreementOf(lists, markers)
  if (lists.from !== undefined) throw nothingToChange()
  const { to } = listsOf(lists, markers)
  const membership = membershipOf(lists.names, to)
  const start = { keys, bootstrap, maxTtlMs: to.maxTtlMs, list: membership.own, words: wordsOf(to) }
  const others = await join(all, start, markers)
  if (others.length > 0) throw begunTwice(others.map(({ name }) => name))
  return { ...membership, generation: 1, behind: [] }
}

export interface Fleet {
  readonly nodes: readonly RedisNode[]
  readonly majority: number
  readonly alarms: Timers
  /** What was found out about servers that are two nodes. */
  readonly twice: string[]
  readonly own: Pick<RedlockSession, 'claims' | 'channel' | 'nextVote'>
  close(): void
}

/** Connects nothing yet. */
export function fleetOf({ addresses, keys, lists }: JoinPlan, clock: Clock): Fleet {
  const client = newClaimId()
  const { to, from, names } = lists
  const of = [to, ...(from === undefined ? [] : [from])].map((list) => list.names.map((name) => names.indexOf(name)))
  const { needed: majority } = quorumOf(of, names.length)
  const claims = new VotedClaims(clock, majority)
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
  const alarms = new TimerQueue<() => void>(clock, {
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

function checkAlone({ runId }: ServerFindings, name: string, processes: Map<string, string>, twice: string[]): void {
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
      throw new StoreUnavailable(`${majority} of ${nodes.length} nodes are needed to open Redlock: ${causes}`, {
        isFinal: isHopeless(errorsOf(replies), majority),
      })
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
