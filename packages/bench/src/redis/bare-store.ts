/** The store without the library above it, as a contestant: what the two scripts and their answers cost alone. */
import { randomUUID } from 'node:crypto'
import type { Claim, Clock, Store } from 'holdfast'
import { nowMs } from '../clock.ts'
import type { Contestant } from '../slices.ts'

const clock: Clock = {
  monotonicMs: nowMs,
  wallMs: () => Date.now(),
  schedule(delayMs, callback) {
    const timer = setTimeout(callback, delayMs)
    return { cancel: () => clearTimeout(timer) }
  },
}

/** Opens it; whoever made the store closes it. */
export async function bareStore(store: Store, names: readonly string[]): Promise<Contestant> {
  await store.open({ clock, signal: new AbortController().signal })
  return {
    async pair(turn) {
      const claim = claimOf(`bench!${names[turn % names.length] ?? ''}`)
      const { resource, id } = claim
      const standing = await store.enter(claim)
      if (standing.kind !== 'held') throw new Error(`the store answered ${standing.kind} for ${resource}`)
      if ((await store.leave({ resource, id, token: standing.token })) !== 'left')
        throw new Error(`the store lost ${resource}`)
    },
  }
}

function claimOf(resource: string): Claim {
  return {
    resource,
    id: randomUUID().replaceAll('-', ''),
    weight: 1,
    capacity: 1,
    ttlMs: 10_000,
    queue: true,
    lockDelayMs: 0,
    note: '',
    owner: 'bench',
  }
}
