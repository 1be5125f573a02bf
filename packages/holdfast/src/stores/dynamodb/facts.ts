/** What DynamoDB promises as the table is set up: read from its description. */
import { StoreUnavailable } from '../../store/errors.ts'
import type { Facts } from '../../store/facts.ts'
import type { DescribedTable } from '../dynamodb-driver/client.ts'
import { hasOurKey } from '../dynamodb-driver/table-form.ts'
import { observedFacts } from '../records/observed-facts.ts'

/** The local server of Amazon, and those that others make. */
const EMULATED = /:ddblocal:|:000000000000:/

/** `undefined` where the description may not be read. Throws where locks cannot be kept in this table. */
export function dynamodbFactsOf(table: DescribedTable | undefined): Facts {
  if (table !== undefined) assertUsable(table)
  const doubts = doubtsOf(table)
  const isEmulated = EMULATED.test(table?.TableArn ?? '')
  const isGlobal = table !== undefined && isReplicated(table)
  const observed = observedFacts('item', 'the table')
  return {
    ...observed,
    engine: isEmulated ? 'DynamoDB (local server)' : 'DynamoDB',
    safetyClass: doubts.length === 0 ? 'consensus' : 'best-effort',
    reasons: [
      ...(doubts.length === 0
        ? [
            'Every change is a conditional write, in two of three zones before it is answered; every read is consistent.',
          ]
        : doubts),
      'Nothing is pushed: waiters look by themselves, and each look is a request that costs.',
      'What holds and waits in a line has at most 32 KiB; the next one is refused as full.',
    ],
    wakeUp: 'poll',
    lockRisks: [
      ...observed.lockRisks,
      ...(isGlobal && doubts.length > 0 ? ['a process that writes in another region'] : []),
    ],
  }
}

function assertUsable(table: DescribedTable): void {
  const { TableStatus } = table
  if (!hasOurKey(table)) {
    throw new StoreUnavailable(
      'opening: the table has another key than line (S) alone, so it is of another program: name another table, and make ' +
        'it with the commands of dynamodbSchema() (docs/dynamodb.md)',
      { isFinal: true },
    )
  }
  if (TableStatus === 'CREATING' || TableStatus === 'DELETING') {
    throw new StoreUnavailable(`opening: the table cannot be used yet, or not any more: it is ${TableStatus}`)
  }
}

/** Why it is less than consensus. */
function doubtsOf(table: DescribedTable | undefined): readonly string[] {
  if (table === undefined) {
    return [
      'The table may not be described (dynamodb:DescribeTable), so whether it is replicated to other regions is not known.',
    ]
  }
  if (EMULATED.test(table.TableArn ?? '')) return ['A server for tests: it promises nothing about its disk.']
  if (!isReplicated(table) || table.MultiRegionConsistency === 'STRONG') return []
  return [
    'A global table in which the last writer wins: two regions may grant one lock at a time. Use a table of one region, or ' +
      'strong consistency across regions.',
  ]
}

function isReplicated({ Replicas = [], GlobalTableVersion }: DescribedTable): boolean {
  return Replicas.length > 0 || GlobalTableVersion !== undefined
}
