/** The guard that ZooKeeper has in itself: a check that is passed only while a claim holds. */
import { Misuse } from '../../store/errors.ts'
import { resourceOf } from '../../store/names.ts'
import type { SessionStore } from '../sessions/store.ts'
import type { ClaimSession } from './claim-session.ts'
import type { ZookeeperPlace } from './place.ts'

/** Of a lease, what is asked for. */
export interface ZookeeperHolder {
  readonly namespace: string
  readonly name: string
  readonly token: bigint
  /** Throws when it is known that the lease is over. */
  assertHeld(): void
}

/** A claim that holds, as ZooKeeper itself can check it. */
export interface ZookeeperOwnership {
  /**
   * The node of the claim, from the root of the server. A `check` of it with version -1 in a multi of yours is passed only
   * while the claim holds. Keep it to yourself: it names the claim, and deleting the node ends the lock.
   */
  readonly path: string
}

export function ownershipIn(
  opened: ReadonlySet<SessionStore<ClaimSession>>,
  root: string,
  holder: ZookeeperHolder,
): ZookeeperOwnership {
  const resource = resourceOf(holder.namespace, holder.name)
  holder.assertHeld()
  for (const store of opened) {
    const found = store.holderOf(resource, holder.token)
    if (found !== undefined) return { path: root + (found.own as ZookeeperPlace).path }
  }
  throw new Misuse(`the lease of "${holder.name}" was not granted by this store, or it is over`, { resource })
}
