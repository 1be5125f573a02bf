/// <reference lib="esnext.disposable" preserve="true" />
/** Locks in a bucket of NATS: one entry a line, first come first served, waiters are notified. */
import { Misuse } from '../../store/errors.ts'
import type { Store } from '../../store/store.ts'
import { natsAddressOf } from '../nats-driver/address.ts'
import { type NatsOptions, natsSetupOf } from '../nats-driver/bucket-options.ts'
import { bucketStateOf, type NatsBucketState } from '../nats-driver/bucket-state.ts'
import { isNatsClient, type NatsClient } from '../nats-driver/client.ts'
import { natsStore } from './store.ts'

export type { NatsOptions } from '../nats-driver/bucket-options.ts'
export type { NatsBucketState } from '../nats-driver/bucket-state.ts'
export type { NatsClient, NatsMessage, NatsStatus } from '../nats-driver/client.ts'

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
    return natsStore(address, natsSetupOf(options, address))
  }
  if (!isNatsClient(connectionOrUrl)) {
    throw new Misuse(
      'nats() takes a NatsConnection of @nats-io/transport-node, or a URL such as nats://host:4222/bucket',
    )
  }
  return natsStore(connectionOrUrl, natsSetupOf(options))
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
  return await bucketStateOf(address, natsSetupOf(options, address).bucket)
}
