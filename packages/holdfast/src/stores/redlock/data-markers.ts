/**
 * Whether the nodes have their data. A node that lost it, or that was restarted and may have lost the end of it, may have
 * given votes that are still counted somewhere, so its votes must not count again until every lease and every token of
 * before is over: it is quarantined. (protocols.md §4.5)
 */
import type { Timers } from '../../time/timer-queue.ts'
import type { Clock } from '../../time/clock.ts'
import { replyFields } from '../redis-driver/answers.ts'
import { NODE_MS_MAX, quarantineMs } from './limits.ts'
import type { RedlockKeys } from './keys.ts'
import type { RedisNode } from './node.ts'
import { poll } from './quorum.ts'
import { scripts } from './scripts.ts'
import { usOf } from './wire.ts'

/** What a node says about itself. */
export interface Marker {
  readonly nowUs: number
  /** Until its votes count; `undefined` without a marker. */
  readonly joinsInMs: number | undefined
  readonly maxTtlMs: number
  /** It was restarted, and what it has may be a part of its data: the first vote that is asked of it begins its quarantine. */
  readonly mayHaveLost: boolean
}

interface Nodes {
  readonly nodes: readonly RedisNode[]
  readonly clock: Clock
  readonly alarms: Timers
}

interface Rules {
  readonly keys: RedlockKeys
  readonly maxTtlMs: number
  readonly bootstrap: 'auto' | 'delay'
}

/** In the order of the nodes; `undefined` for those that did not answer. */
export async function markersOf(all: Nodes, keys: RedlockKeys): Promise<readonly (Marker | undefined)[]> {
  const markers = await poll({
    ...all,
    limitMs: NODE_MS_MAX,
    async ask(node) {
      const askedAtMs = all.clock.monotonicMs()
      const [now, joins = '', maxTtl, mayHaveLost] = replyFields(await node.run(scripts.marker, [keys.marker], []))
      const nowUs = Number(now)
      node.noteClock(askedAtMs, nowUs)
      const joinsInMs = joins === '' ? undefined : Math.max(0, Number(joins) - nowUs) / 1000
      return { nowUs, joinsInMs, maxTtlMs: Number(maxTtl), mayHaveLost: mayHaveLost === '1' }
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

/**
 * When all nodes are there and none has a marker, this is the first start. Losing all data at once looks the same and is
 * outside of what the quarantine covers; `delay` covers it. Where only some have none they lost it: the first vote that
 * is asked of them begins their quarantine.
 */
export async function join(
  all: Nodes,
  { keys, maxTtlMs, bootstrap }: Rules,
  markers: readonly (Marker | undefined)[],
): Promise<void> {
  const isFirst = markers.every((marker) => marker !== undefined && marker.joinsInMs === undefined)
  const waitMs = bootstrap === 'auto' ? 0 : quarantineMs(maxTtlMs)
  await poll({
    ...all,
    limitMs: NODE_MS_MAX,
    async ask(node) {
      const marker = markers[all.nodes.indexOf(node)]
      const isKnown = marker === undefined || (!isFirst && marker.maxTtlMs >= maxTtlMs)
      if (isKnown) return
      const words = [
        String(marker.nowUs),
        usOf(waitMs),
        String(maxTtlMs),
        isFirst ? '1' : '0',
        node.keepsAll ? '1' : '0',
      ]
      await node.run(scripts.join, [keys.marker], words)
    },
    decide: (_, isOver) => isOver || undefined,
  })
}
