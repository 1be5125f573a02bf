/** How a table is: for operators. It is asked on a client of its own and nothing is changed. */
import { environmentOf, timersOf } from '../../store/environment.ts'
import { systemClock } from '../../time/clock.ts'
import type { DynamodbAddress } from './address.ts'
import { loadDynamodb, ownClient } from './load.ts'
import { DynamodbRequests } from './requests.ts'

export interface DynamodbTableState {
  /** The number of items, which DynamoDB counts every six hours. */
  readonly itemCount: number
  readonly billing: 'on demand' | 'provisioned'
  /** Against deletion of the whole table. */
  readonly isProtected: boolean
  /** What becomes of lines that nobody uses. */
  readonly timeToLive: 'deleted in time' | 'kept for ever' | 'deleted by another attribute' | 'not known'
  /** Others that it is replicated to. */
  readonly regions: readonly string[]
}

export async function tableStateOf(
  address: DynamodbAddress,
  table: string,
  expiry: string,
): Promise<DynamodbTableState> {
  const module = await loadDynamodb()
  const client = ownClient(module, address)
  const { bounded } = environmentOf(systemClock, timersOf(systemClock), new AbortController().signal)
  const requests = new DynamodbRequests(client, module, bounded)
  try {
    const [described = {}, timeToLive] = [await requests.describe(table), await requests.timeToLive(table)]
    const { ItemCount = 0, BillingModeSummary, DeletionProtectionEnabled, Replicas = [] } = described
    return {
      itemCount: ItemCount,
      billing: BillingModeSummary?.BillingMode === 'PAY_PER_REQUEST' ? 'on demand' : 'provisioned',
      isProtected: DeletionProtectionEnabled === true,
      timeToLive: meaningOf(timeToLive, expiry),
      regions: Replicas.flatMap(({ RegionName }) => RegionName ?? []),
    }
  } finally {
    client.destroy()
  }
}

function meaningOf(attribute: string | false | undefined, expiry: string): DynamodbTableState['timeToLive'] {
  if (attribute === undefined) return 'not known'
  if (attribute === false) return 'kept for ever'
  return attribute === expiry ? 'deleted in time' : 'deleted by another attribute'
}
