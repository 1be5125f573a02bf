/** DynamoDB under a run: Amazon's local server on its files, with the table of the locks. */
import {
  CreateTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  ResourceInUseException,
} from '@aws-sdk/client-dynamodb'
import type { Engine } from '@holdfast/testbed/engines/engine'
import { start } from '@holdfast/testbed/engines/dynamodb/server'
import { dynamodbTable } from 'holdfast/dynamodb'
import type { ServerKind } from './server-environment.ts'

const ANSWER_MS_MAX = 5_000
/** A table of its own, with the same key. */
const CANARY = 'holdfast-lab-canary'
const KEY = { line: { S: 'word' } }

export const dynamodbKind: ServerKind = {
  count: 1,
  async start({ folder, environment }) {
    const engine = await start({
      ...(folder !== undefined && { folder }),
      ...(environment !== undefined && { environment }),
    })
    await withClient(engine, (client) => client.send(new CreateTableCommand(dynamodbTable())))
    return engine
  },
  async remember(engine, word) {
    await withClient(engine, async (client) => {
      await client.send(new CreateTableCommand(dynamodbTable({ table: CANARY }))).catch((error: unknown) => {
        if (!(error instanceof ResourceInUseException)) throw error
      })
      await client.send(new PutItemCommand({ TableName: CANARY, Item: { ...KEY, word: { S: word } } }))
    })
  },
  async recall(engine) {
    const asked = new GetItemCommand({ TableName: CANARY, Key: KEY, ConsistentRead: true })
    return (await withClient(engine, (client) => client.send(asked))).Item?.['word']?.S
  },
  split: (storeUrl) => [storeUrl],
  join: ([url = '']) => url.replace(/^http:/, 'dynamodb:').replace(/\/$/, ''),
}

async function withClient<T>({ url }: Engine, work: (client: DynamoDBClient) => Promise<T>): Promise<T> {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
  const requestHandler = { requestTimeout: ANSWER_MS_MAX, throwOnRequestTimeout: true }
  const client = new DynamoDBClient({ endpoint: url, region: 'local', credentials, requestHandler })
  try {
    return await work(client)
  } finally {
    client.destroy()
  }
}
