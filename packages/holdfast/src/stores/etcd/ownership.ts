/** The guard that etcd has in itself: a compare that is true only while a claim holds. */
import { Misuse } from '../../store/errors.ts'
import { resourceOf } from '../../store/names.ts'
import type { SessionStore } from '../sessions/store.ts'
import type { EtcdSession } from './leases.ts'

/** Of a lease, what is asked for. */
export interface EtcdHolder {
  readonly namespace: string
  readonly name: string
  readonly token: bigint
  /** Throws when it is known that the lease is over. */
  assertHeld(): void
}

/** A claim that holds, as etcd itself can compare it. */
export interface EtcdOwnership {
  /** The key of the claim. Keep it to yourself: it names the claim, and deleting it ends the lock. */
  readonly key: string
  /** The lease that the key is on as long as the claim holds, in decimal. */
  readonly lease: string
  /** A compare for a transaction of yours, in the form of etcd's JSON gateway: the key in base64, the lease in decimal. */
  readonly compare: {
    readonly result: 'EQUAL'
    readonly target: 'LEASE'
    readonly key: string
    readonly lease: string
  }
}

export function ownershipIn(opened: ReadonlySet<SessionStore<EtcdSession>>, holder: EtcdHolder): EtcdOwnership {
  const resource = resourceOf(holder.namespace, holder.name)
  holder.assertHeld()
  for (const store of opened) {
    const found = store.holderOf(resource, holder.token)
    if (found === undefined) continue
    const [{ key }, lease] = [found.own, String(found.session.lease)]
    const compare = { result: 'EQUAL', target: 'LEASE', key: Buffer.from(key).toString('base64'), lease } as const
    return { key, lease, compare }
  }
  throw new Misuse(`the lease of "${holder.name}" was not granted by this store, or it is over`, { resource })
}
