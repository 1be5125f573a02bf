/** The store: each line of claims is one item, read consistently and changed by a conditional write. */
import type { Store } from '../../store/store.ts'
import { type DynamodbAddress } from '../dynamodb-driver/address.ts'
import type { DynamodbClient } from '../dynamodb-driver/client.ts'
import { dynamodbError } from '../dynamodb-driver/errors.ts'
import { loadDynamodb, ownClient } from '../dynamodb-driver/load.ts'
import { DynamodbRequests } from '../dynamodb-driver/requests.ts'
import { LinePace } from '../records/line-pace.ts'
import { swapStore } from '../records/swap.ts'
import { dynamodbFactsOf } from './facts.ts'
import { lineItems } from './line-items.ts'

/** Every look costs, and none is answered much sooner than this. */
const PACE = { lookMsMin: 20, lookMsPerWaiter: 20 }

export function dynamodbStore(source: DynamodbClient | DynamodbAddress, table: string): Store {
  return swapStore(async ({ bounded, clock }) => {
    const module = await loadDynamodb()
    const own = 'send' in source ? undefined : made(() => ownClient(module, source))
    const client = 'send' in source ? source : own
    const close = async (): Promise<void> => own?.destroy()
    const requests = new DynamodbRequests(client as DynamodbClient, module, bounded)
    try {
      const facts = dynamodbFactsOf(await requests.describe(table))
      const pace = new LinePace(clock, PACE)
      return {
        facts,
        ...lineItems(requests, table, clock),
        recheckInMs: (line, id) => pace.recheckInMs(line, id),
        close,
      }
    } catch (error) {
      await close()
      throw error
    }
  })
}

function made<Client>(make: () => Client): Client {
  try {
    return make()
  } catch (error) {
    throw dynamodbError(error, 'opening')
  }
}
