/** What `holdfast doctor` asks of the table in DynamoDB itself: how it is kept, whether idle lines go, whether it is replicated. */
import { type DynamodbTableState, dynamodbTableState } from 'holdfast/dynamodb'
import type { Finding } from './doctor-report.ts'

/** Empty where the table cannot be looked at: the opening says why. */
export async function dynamodbFindings(url: string): Promise<readonly Finding[]> {
  const state = await dynamodbTableState(url).catch(() => undefined)
  return state === undefined ? [] : [table(state), idleLines(state), replication(state)]
}

function table({ billing, isProtected, itemCount }: DynamodbTableState): Finding {
  const kept = isProtected ? 'protected against deletion' : 'not protected against deletion'
  const finding = { check: 'table', seen: `${itemCount} items at the last count, ${billing}, ${kept}` }
  if (isProtected) return { ...finding, level: 'ok' }
  const advice = 'Whoever deletes the table ends every lock: aws dynamodb update-table --deletion-protection-enabled'
  return { ...finding, level: 'note', advice }
}

function idleLines({ timeToLive }: DynamodbTableState): Finding {
  const finding = { check: 'idle-lines', seen: `lines that nobody uses: ${timeToLive}` }
  if (timeToLive === 'deleted in time') return { ...finding, level: 'ok' }
  if (timeToLive === 'deleted by another attribute') {
    const advice = 'It must be expiresAt: another one may delete lines that are in use (docs/dynamodb.md).'
    return { ...finding, level: 'problem', advice }
  }
  const advice = 'Where names come and go the table only grows: let it delete by expiresAt (holdfast schema dynamodb).'
  return { ...finding, level: 'note', advice }
}

function replication({ regions }: DynamodbTableState): Finding {
  if (regions.length === 0) return { level: 'ok', check: 'replication', seen: 'one region' }
  const advice =
    'Use the locks from one region alone, or with strong consistency across regions: the class says which it is.'
  return { level: 'note', check: 'replication', seen: `replicated to ${regions.join(', ')}`, advice }
}
