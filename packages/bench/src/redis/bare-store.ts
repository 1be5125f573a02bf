/** The store without the library above it, as a contestant: what the two scripts and their answers cost alone. */
import { randomUUID } from 'node:crypto'
import type { Claim, Store } from 'holdfast'
import { openStore } from 'holdfast/testing'
import type { NameOf } from '../holdfast-lock.ts'
import type { Contestant } from '../slices.ts'

/** Closing it is the caller's. */
export async function bareStore(store: Store, nameOf: NameOf): Promise<Contestant & { close(): Promise<void> }> {
  const open = await openStore(store)
  return {
    close: () => open.close(),
    async pair(turn) {
      const claim = claimOf(`bench!${nameOf(turn)}`)
      const { resource, id } = claim
      const standing = await open.enter(claim)
      if (standing.kind !== 'held') throw new Error(`the store answered ${standing.kind} for ${resource}`)
      if ((await open.leave({ resource, id, token: standing.token })) !== 'left')
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
