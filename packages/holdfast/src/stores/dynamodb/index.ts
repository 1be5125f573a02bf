/// <reference lib="esnext.disposable" preserve="true" />
/** Locks in a table of DynamoDB: one item a line, first come first served, waiters look by themselves. */
import { Misuse } from '../../store/errors.ts'
import type { Store } from '../../store/store.ts'
import { dynamodbAddressOf } from '../dynamodb-driver/address.ts'
import { type DynamodbClient, isDynamodbClient } from '../dynamodb-driver/client.ts'
import { type DynamodbTableState, tableStateOf } from '../dynamodb-driver/table-state.ts'
import {
  commandsOf,
  type DynamodbOptions,
  type DynamodbTable,
  EXPIRY,
  tableNameOf,
  tableOf,
} from '../dynamodb-driver/table-form.ts'
import { dynamodbStore } from './store.ts'

export type { DynamodbClient } from '../dynamodb-driver/client.ts'
export type { DynamodbTableState } from '../dynamodb-driver/table-state.ts'
export type { DynamodbOptions, DynamodbTable } from '../dynamodb-driver/table-form.ts'

/**
 * A store over a `DynamoDBClient` of the AWS SDK, version 3, which is never closed here, or over a URL
 * (`dynamodb://eu-central-1/table`, or `dynamodb://localhost:8000/table` for a server of your own), for which
 * `@aws-sdk/client-dynamodb` is loaded when the store opens and finds its credentials as always. The table must be there:
 * `dynamodbSchema()` has the commands that make it. Opens nothing yet; throws `Misuse` when the arguments are wrong.
 *
 * @example
 * ```ts
 * import { holdfast } from 'holdfast'
 * import { dynamodb } from 'holdfast/dynamodb'
 *
 * const locks = holdfast({ store: dynamodb('dynamodb://eu-central-1/holdfast') })
 * ```
 */
export function dynamodb(clientOrUrl: DynamodbClient | string, options: DynamodbOptions = {}): Store {
  if (typeof clientOrUrl === 'string') {
    const address = dynamodbAddressOf(clientOrUrl)
    return dynamodbStore(address, tableNameOf(options.table ?? address.table))
  }
  if (!isDynamodbClient(clientOrUrl)) {
    throw new Misuse(
      'dynamodb() takes a DynamoDBClient of @aws-sdk/client-dynamodb, or a URL such as dynamodb://REGION/TABLE',
    )
  }
  return dynamodbStore(clientOrUrl, tableNameOf(options.table))
}

/**
 * The commands of the AWS command line that make the table and let it delete lines that were idle for 30 days, as a text
 * for a person with the right to carry them out. A store never makes the table itself.
 *
 * @example
 * ```ts
 * import { dynamodbSchema } from 'holdfast/dynamodb'
 *
 * console.log(dynamodbSchema({ table: 'locks' }))
 * ```
 */
export function dynamodbSchema(options: DynamodbOptions = {}): string {
  return commandsOf(tableNameOf(options.table))
}

/**
 * The same table as what `CreateTableCommand` of the AWS SDK takes: for tests, and for set-ups in code.
 *
 * @example
 * ```ts
 * import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
 * import { dynamodbTable } from 'holdfast/dynamodb'
 *
 * await new DynamoDBClient().send(new CreateTableCommand(dynamodbTable({ table: 'locks' })))
 * ```
 */
export function dynamodbTable(options: DynamodbOptions = {}): DynamodbTable {
  return tableOf(tableNameOf(options.table))
}

/**
 * How the table of a URL is: for operators, and for `holdfast doctor`. It takes no lock and changes nothing. Rejects with
 * `StoreUnavailable` where the table cannot be described; throws `Misuse` when the arguments are wrong.
 *
 * @example
 * ```ts
 * import { dynamodbTableState } from 'holdfast/dynamodb'
 *
 * console.log((await dynamodbTableState('dynamodb://eu-central-1/holdfast')).timeToLive)
 * ```
 */
export async function dynamodbTableState(url: string, options: DynamodbOptions = {}): Promise<DynamodbTableState> {
  const address = dynamodbAddressOf(url)
  return await tableStateOf(address, tableNameOf(options.table ?? address.table), EXPIRY)
}
