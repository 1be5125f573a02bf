/** The rule over ordered keys: who holds, who is refused, and what a claim that waits has to wait for. Pure. */
import type { Claim } from '../../store/claim.ts'
import type { Refused } from '../../store/standing.ts'
import type { Blockers, LineEntry } from './engine.ts'

export type Judged<Entry extends LineEntry> = Entry & { readonly holds: boolean }

type Wish = Pick<Claim, 'weight' | 'capacity' | 'queue'>

/** A claim holds when its weight fits behind the weight of everything ahead of it. `unread`: the weight in front of the first. */
export function judged<Entry extends LineEntry>(entries: readonly Entry[], unread: number): readonly Judged<Entry>[] {
  let ahead = unread
  return entries.map((entry) => {
    const holds = ahead + entry.weight <= entry.capacity
    ahead += entry.weight
    return { ...entry, holds }
  })
}

/** Why a claim at the end of this line is refused, if it is. The oldest claim says which capacity a line has. */
export function refusalOf(line: readonly LineEntry[], wish: Wish, unread: number = 0): Refused | undefined {
  const [first] = line
  if (first !== undefined && first.capacity !== wish.capacity) {
    return { kind: 'refused', because: 'capacity', capacity: first.capacity }
  }
  if (wish.queue || weightOf(line) + unread + wish.weight <= wish.capacity) return undefined
  const endsInMs = firstEndMs(line)
  return { kind: 'refused', because: 'busy', ...(endsInMs === undefined ? {} : { recheckInMs: endsInMs }) }
}

/**
 * The last claim ahead that shuts this one out by itself: nothing else that ends can let it in. Where there is none, so much
 * of the weight ahead as is too much: a semaphore does not wake every waiter at every change.
 */
export function blockersOf(ahead: readonly LineEntry[], { weight, capacity }: Wish): Blockers {
  const alone = ahead.findLast((entry) => entry.weight + weight > capacity)
  if (alone !== undefined) return { weights: new Map([[alone.key, alone.weight]]), enough: alone.weight }
  const weights = new Map(ahead.filter((entry) => entry.weight > 0).map((entry) => [entry.key, entry.weight]))
  return { weights, enough: weightOf(ahead) + weight - capacity }
}

/** When the first of them ends that the engine does not tell of. */
export function firstEndMs(entries: readonly LineEntry[]): number | undefined {
  const ends = entries.flatMap(({ endsInMs }) => endsInMs ?? [])
  return ends.length === 0 ? undefined : Math.min(...ends)
}

function weightOf(entries: readonly LineEntry[]): number {
  return entries.reduce((sum, { weight }) => sum + weight, 0)
}
