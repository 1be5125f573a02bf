/** Locks in a table of DynamoDB: Holdfast, the least that one can be, and other libraries as their own documentation uses them. */
import { randomUUID } from 'node:crypto'
import { callbackify, promisify } from 'node:util'
import {
  type AttributeDefinition,
  CreateTableCommand,
  DeleteItemCommand,
  DynamoDBClient,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb'
import { requireCompetitor } from '@holdfast/testbed/competitors'
import { dynamodb as server } from '@holdfast/testbed/engines'
import { holdfast } from 'holdfast'
import { dynamodb, dynamodbTable } from 'holdfast/dynamodb'

/** A client of the AWS that counts what it sends. */
export interface CountedTable {
  readonly client: DynamoDBClient
  sent(): number
}

export interface TableLocker {
  acquire(name: string): Promise<() => Promise<unknown>>
  close(): Promise<void>
}

export type TableLockerName =
  | 'bare'
  | 'holdfast'
  | 'dynamodb-lock-client'
  | 'dynamodb-lock-client with a lease'
  | '@deliveryhero/dynamodb-lock'

const TTL_MS = 10_000
const HEARTBEAT_MS = 3_000
/** What the others ask again by: as soon as ours does at its soonest would be a storm of theirs. */
const PERIOD_MS = 50
const TRIES_MAX = 100_000

export async function withTable<T>(work: (table: CountedTable) => Promise<T>): Promise<T> {
  await using engine = await server.start()
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
  const client = new DynamoDBClient({ endpoint: engine.url, region: 'local', credentials, maxAttempts: 1 })
  let sent = 0
  client.middlewareStack.add(
    (next) => (given) => {
      sent += 1
      return next(given)
    },
    { step: 'finalizeRequest' },
  )
  await client.send(new CreateTableCommand(dynamodbTable()))
  await makeTable(client, 'bare', ['id'])
  await makeTable(client, 'FailClosed', ['id'])
  await makeTable(client, 'FailOpen', ['id'])
  await makeTable(client, 'LockTable', ['lockId', 'lockGroup'])
  try {
    return await work({ client, sent: () => sent })
  } finally {
    client.destroy()
  }
}

async function makeTable(client: DynamoDBClient, name: string, keys: readonly string[]): Promise<void> {
  const attributes = keys.map((key): AttributeDefinition => ({ AttributeName: key, AttributeType: 'S' }))
  const schema = keys.map((key, place) => ({ AttributeName: key, KeyType: place === 0 ? 'HASH' : 'RANGE' }) as const)
  await client.send(
    new CreateTableCommand({
      TableName: name,
      AttributeDefinitions: attributes,
      KeySchema: schema,
      BillingMode: 'PAY_PER_REQUEST',
    }),
  )
}

const lockers: Readonly<Record<TableLockerName, (client: DynamoDBClient) => Promise<TableLocker>>> = {
  async bare(client) {
    return { acquire: (name) => takeBare(client, name), close: async () => undefined }
  },
  async holdfast(client) {
    const locks = holdfast(dynamodb(client), { ttl: TTL_MS, wait: '5m' })
    await locks.open()
    const acquire = async (name: string) => {
      const lease = await locks.acquire(name)
      return () => lease.release()
    }
    return { acquire, close: () => locks.close() }
  },
  'dynamodb-lock-client': async (client) => lockClientOfTristan(client, 'FailClosed'),
  'dynamodb-lock-client with a lease': async (client) => lockClientOfTristan(client, 'FailOpen'),
  '@deliveryhero/dynamodb-lock': async (client) => lockClientOfDeliveryHero(client),
}

export function openTableLocker(name: TableLockerName, { client }: CountedTable): Promise<TableLocker> {
  return lockers[name](client)
}

/** No token, no line, no lease: an item that must not be there, and its delete. */
async function takeBare(client: DynamoDBClient, name: string): Promise<() => Promise<unknown>> {
  const owner = { S: randomUUID() }
  const item = { id: { S: name }, owner }
  await client.send(
    new PutItemCommand({ TableName: 'bare', Item: item, ConditionExpression: 'attribute_not_exists(id)' }),
  )
  const condition = {
    ConditionExpression: '#o = :o',
    ExpressionAttributeNames: { '#o': 'owner' },
    ExpressionAttributeValues: { ':o': owner },
  }
  return () => client.send(new DeleteItemCommand({ TableName: 'bare', Key: { id: { S: name } }, ...condition }))
}

type DocumentClient = Readonly<Record<'get' | 'put' | 'delete', (input: object) => Promise<object>>>

function documentsOf(client: DynamoDBClient): DocumentClient {
  const { DynamoDBDocument } = requireCompetitor<{ DynamoDBDocument: { from(client: object): DocumentClient } }>(
    '@aws-sdk/lib-dynamodb',
  )
  return DynamoDBDocument.from(client)
}

interface ReleasableLock {
  release(done: (error?: Error) => void): void
}

type TristansMode = 'FailClosed' | 'FailOpen'

/** Without a lease, which is its faster mode, and with one. It was written for the SDK before this one: two words are translated. */
function lockClientOfTristan(client: DynamoDBClient, mode: TristansMode): TableLocker {
  const documents = documentsOf(client)
  const called = (method: keyof DocumentClient) =>
    callbackify(async (input: object): Promise<object> => {
      try {
        return await documents[method](input)
      } catch (error) {
        throw error instanceof Error ? Object.assign(error, { code: error.name }) : error
      }
    })
  const modes = requireCompetitor<
    Record<
      TristansMode,
      new (options: object) => {
        acquireLock(id: string, done: (error: Error | undefined, lock: ReleasableLock) => void): void
      }
    >
  >('dynamodb-lock-client')
  const lease = { heartbeatPeriodMs: HEARTBEAT_MS, leaseDurationMs: TTL_MS, trustLocalTime: true }
  const locks = new modes[mode]({
    dynamodb: { get: called('get'), put: called('put'), delete: called('delete') },
    lockTable: mode,
    partitionKey: 'id',
    ...(mode === 'FailOpen' ? lease : { acquirePeriodMs: PERIOD_MS }),
    retryCount: TRIES_MAX,
  })
  return {
    async acquire(name) {
      const lock = await promisify(locks.acquireLock.bind(locks))(name)
      return () => promisify(lock.release.bind(lock))()
    },
    close: async () => undefined,
  }
}

function lockClientOfDeliveryHero(client: DynamoDBClient): TableLocker {
  const { dynamoDBLockClientFactory } = requireCompetitor<{
    dynamoDBLockClientFactory(documents: DocumentClient): {
      lock(group: string, id: string, options: object): Promise<object>
      releaseLock(lock: object): Promise<void>
    }
  }>('@deliveryhero/dynamodb-lock')
  const locks = dynamoDBLockClientFactory(documentsOf(client))
  const options = {
    leaseDurationInMs: TTL_MS,
    prolongLeaseEnabled: true,
    prolongEveryMs: HEARTBEAT_MS,
    trustLocalTime: true,
    waitDurationInMs: PERIOD_MS,
    maxRetryCount: TRIES_MAX,
  }
  return {
    async acquire(name) {
      const lock = await locks.lock('bench', name, options)
      return () => locks.releaseLock(lock)
    },
    close: async () => undefined,
  }
}
