/** The store: each line of claims is one entry of a bucket, read from its leader and changed where its revision is the one seen. */
import { StoreUnavailable } from '../../store/errors.ts'
import type { Store } from '../../store/store.ts'
import type { NatsAddress } from '../nats-driver/address.ts'
import type { NatsSetup } from '../nats-driver/bucket-options.ts'
import type { NatsClient } from '../nats-driver/client.ts'
import { loadNats, ownConnection } from '../nats-driver/load.ts'
import { swapStore } from '../records/swap.ts'
import { NatsEngine } from './engine.ts'

export function natsStore(source: NatsClient | NatsAddress, setup: NatsSetup): Store {
  return swapStore(async (environment, onNotice) => {
    const module = await loadNats()
    const own = 'request' in source ? undefined : await ownConnection(module, source)
    const engine = new NatsEngine({ client: own ?? (source as NatsClient), own, module, setup, environment, onNotice })
    try {
      await engine.open()
      return engine
    } catch (error) {
      await engine.close()
      if (error instanceof StoreUnavailable) throw error
      throw new StoreUnavailable(error instanceof Error ? error.message : String(error), { cause: error })
    }
  })
}
