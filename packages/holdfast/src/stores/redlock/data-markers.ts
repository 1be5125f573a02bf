/**
 * What the nodes say about themselves: whether they have their data, and under which list of servers they are. A node that
 * lost its data, or that was restarted and may have lost the end of it, may have given votes that are still counted
 * somewhere, so its votes must not count again until every lease and every token of before is over: it is quarantined.
 * (docs/protocols/redlock.md#a-node-that-was-restarted)
 */
import type { Timers } from '../../time/timer-queue.ts'
import type { Clock } from '../../time/clock.ts'
import { replyFields } from '../redis-driver/answers.ts'
import { NODE_MS_MAX, quarantineMs } from './limits.ts'
import type { RedlockKeys } from './keys.ts'
import type { RedisNode } from './node.ts'
import { poll } from './quorum.ts'
import { scripts } from './scripts.ts'
import { usOf, wordOf } from './wire.ts'

/** What a node says about itself. */
export interface Marker {
  readonly nowUs: number
  /** Until its votes count; `undefined` without a marker. */
  readonly joinsInMs: number | undefined
  readonly maxTtlMs: number
  /** It was restarted, and what it has may be a part of its data: the first vote that is asked of it begins its quarantine. */
  readonly mayHaveLost: boolean
  /** The list of servers that it is under; empty without a marker. */
  readonly list: string
  /** Counts the changes of that list. */
  readonly generation: number
  /** The servers of the list, for people, where it was told. */
  readonly words: string
  readonly listedForMs: number
  /** Since a client that knows no other list was at work; infinite when none was. */
  readonly soleForMs: number
}

export interface Nodes {
  readonly nodes: readonly RedisNode[]
  readonly clock: Clock
  readonly alarms: Timers
}

/** In the order of the nodes; `undefined` for those that did not answer. */
export async function markersOf(all: Nodes, keys: RedlockKeys): Promise<readonly (Marker | undefined)[]> {
  const markers = await poll({
    ...all,
    limitMs: NODE_MS_MAX,
    async ask(node) {
      const askedAtMs = all.clock.monotonicMs()
      const marker = markerOf(await node.run(scripts.marker, [keys.marker], []))
      node.noteClock(askedAtMs, marker.nowUs)
      return marker
    },
    decide: (replies, isOver) =>
      isOver
        ? replies.map((reply): Marker | undefined =>
            reply !== undefined && 'answer' in reply ? reply.answer : undefined,
          )
        : undefined,
  })
  return markers ?? []
}

function markerOf(answer: unknown): Marker {
  const [now, joins = '', maxTtl, mayHaveLost, list = '', generation, words = '', listedAt, soleAt] =
    replyFields(answer)
  const nowUs = Number(now)
  return {
    nowUs,
    joinsInMs: joins === '' ? undefined : Math.max(0, Number(joins) - nowUs) / 1000,
    maxTtlMs: Number(maxTtl),
    mayHaveLost: mayHaveLost === '1',
    list,
    generation: Number(generation),
    words,
    listedForMs: (nowUs - Number(listedAt)) / 1000,
    soleForMs: Number(soleAt) === 0 ? Number.POSITIVE_INFINITY : (nowUs - Number(soleAt)) / 1000,
  }
}

/** Nobody has been here: all nodes are there, and none is under a list. Losing all data at once looks the same. */
export function isFirstStart(markers: readonly (Marker | undefined)[]): boolean {
  return markers.every((marker) => marker !== undefined && marker.list === '')
}

export interface FirstStart {
  readonly keys: RedlockKeys
  readonly maxTtlMs: number
  readonly bootstrap: 'auto' | 'delay'
  readonly list: string
  readonly words: string
}

/**
 * Puts all nodes under the list. `auto` takes it for a first start, and `delay` for the loss of everything. Returns the
 * nodes that somebody else has put under another list meanwhile.
 */
export async function join(
  all: Nodes,
  { keys, maxTtlMs, bootstrap, list, words }: FirstStart,
  markers: readonly (Marker | undefined)[],
): Promise<readonly RedisNode[]> {
  const waitMs = bootstrap === 'auto' ? 0 : quarantineMs(maxTtlMs)
  const others = await poll({
    ...all,
    limitMs: NODE_MS_MAX,
    async ask(node) {
      const readUs = String(markers[all.nodes.indexOf(node)]?.nowUs ?? 0)
      const args = [readUs, usOf(waitMs), String(maxTtlMs), node.keepsAll ? '1' : '0', list, words]
      return wordOf(await node.run(scripts.join, [keys.marker], args)) === 'unlisted'
    },
    decide: (replies, isOver) =>
      isOver
        ? all.nodes.filter((_, index) => {
            const reply = replies[index]
            return reply !== undefined && 'answer' in reply && reply.answer
          })
        : undefined,
  })
  return others ?? []
}
