/** @module-tag real-time */
import { CreateTableCommand, DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb'
import { beforeEach, expect, test } from 'vitest'
import { requireEngine } from '../require-engine.ts'
import * as dynamodb from './driver.ts'

beforeEach(async (context) => {
  await requireEngine(context, dynamodb)
})

test("Amazon's local server keeps its tables through kill -9, its port through a restart, and nothing through a wipe", async () => {
  await using engine = await dynamodb.start()
  expect(engine.name).toMatch(/^dynamodb local \d+\.\d+\.\d+$/)
  const credentials = { accessKeyId: 'any', secretAccessKey: 'any' }
  const client = new DynamoDBClient({ endpoint: engine.url, region: 'local', credentials, maxAttempts: 1 })
  const tables = async (): Promise<unknown> => (await client.send(new ListTablesCommand())).TableNames
  await client.send(
    new CreateTableCommand({
      TableName: 'kept',
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  )
  await engine.kill()
  await expect(dynamodb.ping(engine.url)).rejects.toThrow()
  await engine.restart()
  await expect.poll(() => tables().catch(String), { timeout: 10_000 }).toEqual(['kept'])
  await engine.wipe()
  await expect.poll(() => tables().catch(String), { timeout: 10_000 }).toEqual([])
  client.destroy()
}, 60_000)
