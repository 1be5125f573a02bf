/** What DynamoDB promises as the table is set up: read from its description. */
import { StoreUnavailable } from '../../store/errors.ts'
import type { Facts } from '../../store/facts.ts'
import { TTL_MS_MAX } from '../../store/limits.ts'
import type { DescribedTable } from '../dynamodb-driver/client.ts'
import { hasOurKey } from '../dynamodb-driver/table-form.ts'

const TTL_MS_MIN_OBSERVED = 500
/** The local server of Amazon, and those that others make. */
const EMULATED = /:ddblocal:|:000000000000:/

/** `undefined` where the description may not be read. Throws where locks cannot be kept in this table. */
export function dynamodbFactsOf(table: DescribedTable | undefined): Facts {
  if (table !== undefined) assertUsable(table)
  const doubts = doubtsOf(table)
  const isEmulated = EMULATED.test(table?.TableArn ?? '')
  const isGlobal = table !== undefined && isReplicated(table)
  return {
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
    clock: 'the monotonic clock of each contender, from its own first sight of a holder',
    expiry: 'observed',
    tokens: 'last + 1, in the item of the line; one that is made anew starts at the wall clock of its maker in µs',
    order: 'fifo',
    wakeUp: 'poll',
    ttl: {
      per: 'claim',
      granularityMs: 1,
      minMs: TTL_MS_MIN_OBSERVED,
      maxMs: TTL_MS_MAX,
      takeoverMs: TTL_MS_MIN_OBSERVED,
    },
    lockRisks: [
      'clocks whose rates differ by more than 1 %',
      'deleting items of the table, or restoring a backup of it',
      ...(isGlobal && doubts.length > 0 ? ['a process that writes in another region'] : []),
    ],
    tokenRisks: [
      'restoring a backup of the table',
      'losing items of the table together with a clock of a process that is set back',
    ],
    unsupported: {},
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
