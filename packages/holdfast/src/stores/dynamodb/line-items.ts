/**
 * Lines as items: each has its key, its record as text, and a version that its last writer made up. The format is a
 * contract: docs/protocols/records.md.
 */
import { StoreUnavailable } from '../../store/errors.ts'
import type { Clock } from '../../time/clock.ts'
import type { Item } from '../dynamodb-driver/client.ts'
import type { DynamodbRequests } from '../dynamodb-driver/requests.ts'
import type { StoredText, SwapEngine, SwapResult } from '../records/swap-engine.ts'
import { isIdleText } from '../records/swap-text.ts'
import { EXPIRY, KEY } from '../dynamodb-driver/table-form.ts'

/** How long the token of a line that nobody uses is kept, where the table deletes by time at all. */
const IDLE_SECONDS = 30 * 24 * 60 * 60
/** Requests of one list: each reads 1 MB of the table at most. */
const PAGES_MAX = 50

type LineItems = Pick<SwapEngine, 'read' | 'swap' | 'list' | 'refusalTells'>

export function lineItems(requests: DynamodbRequests, table: string, clock: Clock): LineItems {
  return {
    refusalTells: true,
    async read(key) {
      const input = { TableName: table, Key: { [KEY]: { S: key } }, ConsistentRead: true }
      return { stored: storedIn(await requests.get(input, 'reading a line'), key) }
    },
    async swap(key, seen, text) {
      const version = crypto.randomUUID()
      const refusal = await requests.put(writeOf({ table, key, seen, text, version }, clock), 'changing a line')
      if (refusal === undefined) return { version }
      return refusedBy(storedIn(refusal.item, key), version)
    },
    async list(prefix, after, limit) {
      const keys: string[] = []
      let start: Item | undefined = after === '' ? undefined : { [KEY]: { S: after } }
      for (let page = 0; page < PAGES_MAX; page += 1) {
        const { Items = [], LastEvaluatedKey } = await requests.scan(pageOf(table, prefix, start), 'listing lines')
        for (const { [KEY]: key } of Items) if (key?.S !== undefined) keys.push(key.S)
        if (LastEvaluatedKey === undefined || keys.length >= limit) return keys.slice(0, limit)
        start = LastEvaluatedKey
      }
      throw tooManyIdle()
    },
  }
}

interface LineWrite {
  readonly table: string
  readonly key: string
  readonly seen: string | undefined
  readonly text: string
  readonly version: string
}

/** The whole item: DynamoDB takes it sooner than what is to become of each attribute, and counts the same units. */
function writeOf({ table, key, seen, text, version }: LineWrite, clock: Clock): object {
  const expiresAt = String(Math.floor(clock.wallMs() / 1000) + IDLE_SECONDS)
  return {
    TableName: table,
    Item: {
      [KEY]: { S: key },
      record: { S: text },
      version: { S: version },
      ...(isIdleText(text) && { [EXPIRY]: { N: expiresAt } }),
    },
    ...(seen === undefined
      ? { ConditionExpression: `attribute_not_exists(${KEY})` }
      : {
          ConditionExpression: '#version = :seen',
          ExpressionAttributeNames: { '#version': 'version' },
          ExpressionAttributeValues: { ':seen': { S: seen } },
        }),
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  }
}

/** A client that was handed in may send a write again whose answer was lost, and then it is refused by itself. */
function refusedBy(current: StoredText | undefined, version: string): SwapResult {
  return current?.version === version ? { version } : { current }
}

function storedIn(item: Item | undefined, key: string): StoredText | undefined {
  if (item === undefined) return undefined
  const [text, version] = [item['record']?.S, item['version']?.S]
  if (text !== undefined && version !== undefined) return { text, version }
  throw new StoreUnavailable(`DynamoDB: the item of ${key} is damaged, or of another program`, { isFinal: true })
}

/** Lines that nobody uses have a time to go, and the others have none. */
function pageOf(table: string, prefix: string, start: Item | undefined): object {
  return {
    TableName: table,
    ConsistentRead: true,
    ProjectionExpression: KEY,
    FilterExpression: `begins_with(${KEY}, :prefix) AND attribute_not_exists(${EXPIRY})`,
    ExpressionAttributeValues: { ':prefix': { S: prefix } },
    ...(start !== undefined && { ExclusiveStartKey: start }),
  }
}

function tooManyIdle(): StoreUnavailable {
  return new StoreUnavailable(
    `listing lines: more than ${PAGES_MAX} MB of the table were read for one page. Let it delete idle lines by time ` +
      `(${EXPIRY}, docs/dynamodb.md)`,
    { isFinal: true },
  )
}
