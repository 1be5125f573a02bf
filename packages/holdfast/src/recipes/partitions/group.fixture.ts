/** Members of one group in a world with virtual time, whose works tell which partitions they have, and break when two have one. */
import { world, type World } from '../../client/clients.fixture.ts'
import type { HoldfastOptions } from '../../client/options.ts'
import type { aroundStore } from '../../testing/around-store.ts'
import type { FaultPlan } from '../../testing/unreliable.ts'
import type { Locks } from '../locks.ts'
import { type Partition, type PartitionGroup, partitions, type PartitionsOptions } from './index.ts'

export const GROUP = 'orders'
export const line = (part: string): string => `partitions:${GROUP}:${part}`

export interface MemberUnderTest {
  readonly locks: Locks
  readonly group: PartitionGroup
  /** `assigned 0 1`, `revoked 1`, `lost 0`, `stuck 0`. */
  readonly events: string[]
  readonly stop: AbortController
  /** How `run` ended, once it has. */
  ended: string | undefined
}

export interface MemberSettings {
  readonly plan?: FaultPlan
  readonly change?: Parameters<typeof aroundStore>[1]
  readonly client?: HoldfastOptions
  /** Instead of working until it is to stop. */
  work?(partition: Partition): Promise<void>
}

export interface GroupWorld extends World {
  /** Partitions that are worked at, with the token of each. */
  readonly atWork: Map<number, bigint>
  /** Works begun, one for each hold. */
  readonly begun: { readonly index: number; readonly token: bigint }[]
  /** Two at work in one partition at once, unless the earlier one had lost it. */
  readonly doubles: number[]
  member(options?: Partial<PartitionsOptions>, settings?: MemberSettings): MemberUnderTest
}

export function groupWorld(count: number): GroupWorld {
  const around = world()
  const atWork = new Map<number, bigint>()
  const holds = new Map<number, Partition>()
  const begun: GroupWorld['begun'] = []
  const doubles: number[] = []
  const member: GroupWorld['member'] = (options = {}, { plan, change, client, work = untilStopped } = {}) => {
    const { locks } = around.client(client, plan, change)
    const group = partitions(locks, GROUP, { count, ...options })
    const events: string[] = []
    group.on('assigned', ({ indexes }) => events.push(`assigned ${indexes.join(' ')}`))
    group.on('revoked', ({ indexes }) => events.push(`revoked ${indexes.join(' ')}`))
    group.on('lost', ({ index }) => events.push(`lost ${index}`))
    group.on('stuck', ({ index }) => events.push(`stuck ${index}`))
    const own: MemberUnderTest = { locks, group, events, stop: new AbortController(), ended: undefined }
    const run = async (partition: Partition): Promise<void> => {
      const { index, token } = partition
      if (holds.get(index)?.isHeld() === true) doubles.push(index)
      holds.set(index, partition)
      atWork.set(index, token)
      begun.push({ index, token })
      try {
        await work(partition)
      } finally {
        if (atWork.get(index) === token) atWork.delete(index)
      }
    }
    own.group.run(run, { signal: own.stop.signal }).then(
      () => (own.ended = 'resolved'),
      (error: unknown) => (own.ended = String(error)),
    )
    return own
  }
  return { ...around, atWork, begun, doubles, member }
}

export async function untilStopped({ stopping }: Pick<Partition, 'stopping'>): Promise<void> {
  if (!stopping.aborted) await new Promise((resolve) => stopping.addEventListener('abort', resolve, { once: true }))
}
