/// <reference lib="esnext.disposable" preserve="true" />
/** Locks in a bucket of NATS: one entry a line, first come first served, waiters are notified. */
import { Misuse } from '../../store/errors.ts'
import type { Store } from '../../store/store.ts'
import { type NatsAddress, natsAddressOf } from '../nats-driver/address.ts'
import { bucketStateOf, type NatsBucketState } from '../nats-driver/bucket-state.ts'
import { isNatsClient, type NatsClient } from '../nats-driver/client.ts'
import type { NatsSetup } from './engine.ts'
import { natsStore } from './store.ts'

export type { NatsBucketState } from '../nats-driver/bucket-state.ts'
export type { NatsClient, NatsMessage, NatsStatus } from '../nats-driver/client.ts'

export interface NatsOptions {
  /**
   * The bucket: 1 to 64 letters, digits, or signs of `-_`. It is made where it is missing. Stores with different buckets know
   * nothing of each other.
   *
   * @default the path of the URL, or `holdfast`
   */
  readonly bucket?: string
  /** On how many servers a bucket is kept that is made now: 1 to 5. @default 3 in a cluster, else 1 */
  readonly replicas?: number
  /**
   * That every server writes each change to its disk before it answers (`sync_interval: always`, from version 2.10 on). It
   * cannot be asked for, so it is believed, and the class depends on it.
   *
   * @default false
   */
  readonly syncsAlways?: boolean
}

const BUCKET_DEFAULT = 'holdfast'
const BUCKET = /^[A-Za-z0-9_-]{1,64}$/
const REPLICAS_MAX = 5

/**
 * A store over a `NatsConnection` of `@nats-io/transport-node`, which is never closed here, or over a URL
 * (`nats://user:password@host-1:4222,host-2:4222/bucket`, with `natss:` for TLS), for which that package is loaded when the
 * store opens. Opens nothing yet; throws `Misuse` when the arguments are wrong.
 *
 * @example
 * ```ts
 * import { holdfast } from 'holdfast'
 * import { nats } from 'holdfast/nats'
 *
 * const locks = holdfast({ store: nats('nats://host-1:4222,host-2:4222,host-3:4222') })
 * ```
 */
export function nats(connectionOrUrl: NatsClient | string, options: NatsOptions = {}): Store {
  if (typeof connectionOrUrl === 'string') {
    const address = natsAddressOf(connectionOrUrl)
    return natsStore(address, setupOf(options, address))
  }
  if (!isNatsClient(connectionOrUrl)) {
    throw new Misuse('nats() takes a NatsConnection of @nats-io/transport-node, or a URL such as nats://host:4222/bucket')
  }
  return natsStore(connectionOrUrl, setupOf(options))
}

/**
 * How the bucket of a URL is: for operators, and for `holdfast doctor`. It takes no lock and changes nothing. Rejects with
 * `StoreUnavailable` where the bucket cannot be described; throws `Misuse` when the arguments are wrong.
 *
 * @example
 * ```ts
 * import { natsBucketState } from 'holdfast/nats'
 *
 * console.log((await natsBucketState('nats://host-1:4222,host-2:4222,host-3:4222')).behind)
 * ```
 */
export async function natsBucketState(
  url: string,
  options: Pick<NatsOptions, 'bucket'> = {},
): Promise<NatsBucketState> {
  const address = natsAddressOf(url)
  return await bucketStateOf(address, setupOf(options, address).bucket)
}

function setupOf(options: NatsOptions, address?: NatsAddress): NatsSetup {
  const { bucket = address?.bucket ?? BUCKET_DEFAULT, replicas = address?.replicas } = options
  if (typeof bucket !== 'string' || !BUCKET.test(bucket)) {
    throw new Misuse('the bucket for NATS must be 1 to 64 letters, digits, or signs of -_')
  }
  if (replicas !== undefined && !(Number.isInteger(replicas) && replicas >= 1 && replicas <= REPLICAS_MAX)) {
    throw new Misuse(`replicas must be a whole number from 1 to ${REPLICAS_MAX}`)
  }
  return { bucket, replicas, syncsAlways: options.syncsAlways ?? address?.syncsAlways ?? false }
}
