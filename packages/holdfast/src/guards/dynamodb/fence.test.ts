/**
 * The guard of DynamoDB on Amazon's own local server: the contract of all guards, transactions in the way, fragments, the ledger.
 * @module-tag real-time
 */
import {
  CreateTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import type { Engine } from '@holdfast/testbed/engines/engine'
import * as server from '@holdfast/testbed/engines/dynamodb/server'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { Misuse, StaleToken, Unsupported } from '../../store/errors.ts'
import type { Fenced, Mode } from '../../lease/lease.ts'
import type { Clock } from '../../time/clock.ts'
import { type Commit, guardCases, type GuardedRegister, type GuardedResource } from '../../testing/guard-contract.ts'
import { fence, fenceTable, ledger } from './index.ts'

let engine: Engine | undefined
let client: DynamoDBClient
let resources = 0

beforeEach(async (context) => {
  await requireEngine(context, server)
  if (engine !== undefined) return
  engine = await server.start()
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
  client = new DynamoDBClient({ endpoint: engine.url, region: 'local', credentials })
  await client.send(new CreateTableCommand(fenceTable()))
  await client.send(new CreateTableCommand(fenceTable({ table: 'data' })))
})
afterAll(async () => {
  client?.destroy()
  await engine?.close()
})

const TableName = 'data'
const fresh = (): string => `item${(resources += 1)}`
const keyOf = (id: string): { resource: { S: string } } => ({ resource: { S: id } })

function lease(token: bigint, mode: Mode = 'exclusive', name = 'stock'): Fenced {
  return { namespace: 'shop', name, mode, token, assertHeld: () => undefined }
}

async function registerInDynamodb(clock: Clock): Promise<GuardedResource> {
  const id = fresh()
  // Each resource of the contract has marks of its own.
  const table = `fence-${id}`
  await client.send(new CreateTableCommand(fenceTable({ table })))
  const read = async (): Promise<Record<string, { N?: string; L?: { S?: string }[] }>> =>
    (await client.send(new GetItemCommand({ TableName, Key: keyOf(id), ConsistentRead: true }))).Item ?? {}
  const valueOf = async (key: string): Promise<number> => Number((await read())[`of ${key}`]?.N ?? 0)
  const connect = async (): Promise<GuardedRegister> => {
    const guard = fence(client, { table, clock })
    return {
      enter: (holder) => guard.enter(holder),
      check: (holder) => guard.check(holder),
      read: valueOf,
      async enterAndRead(holder, key) {
        await guard.enter(holder)
        return valueOf(key)
      },
      async write(holder, { key, based, value }) {
        const record = JSON.stringify({ key, based, value, token: String(holder.token) })
        const Update = {
          TableName,
          Key: keyOf(id),
          UpdateExpression: 'SET #value = :value, #all = list_append(if_not_exists(#all, :none), :record)',
          ExpressionAttributeNames: { '#value': `of ${key}`, '#all': 'commits' },
          ExpressionAttributeValues: {
            ':value': { N: String(value) },
            ':none': { L: [] },
            ':record': { L: [{ S: record }] },
          },
        }
        await guard.run(holder, [{ Update }])
      },
    }
  }
  return {
    connect,
    async commits() {
      return ((await read())['commits']?.L ?? []).map(({ S = '' }) => {
        const { token, ...change } = JSON.parse(S)
        return { ...change, token: BigInt(token) } as Commit
      })
    },
    close: async () => undefined,
  }
}

describe("the guard contract on DynamoDB, by Amazon's local server", { timeout: 60_000 }, () => {
  // A transaction of DynamoDB runs no code of the caller, so there is nothing to begin, to fail or to wait in the middle of it.
  test.each(guardCases.filter(({ needs }) => needs !== 'transaction'))('$name', ({ run }) => run(registerInDynamodb))
})

test('the transaction of a stale token writes nothing, and a condition of your own passes through as it is', async () => {
  const [guard, id] = [fence(client), fresh()]
  const put = (buyer: string): object => ({
    Put: {
      TableName,
      Item: { ...keyOf(id), buyer: { S: buyer } },
      ConditionExpression: 'attribute_not_exists(buyer)',
    },
  })
  const [older, newer] = [lease(33n, 'exclusive', id), lease(34n, 'exclusive', id)]
  await guard.enter(newer)
  await expect(guard.run(older, [put('ada')])).rejects.toMatchObject({ code: 'STALE_TOKEN', held: 33n, needed: 34n })
  await guard.run(newer, [put('ada')])
  await expect(guard.run(newer, [put('bob')])).rejects.toMatchObject({ name: 'TransactionCanceledException' })
  await expect(
    guard.run(
      newer,
      Array.from({ length: 100 }, () => put('eve')),
    ),
  ).rejects.toThrow(Misuse)
})

test('a transaction that meets another one on the same items stands aside, and is carried out', async () => {
  const [guard, id] = [fence(client), fresh()]
  const holder = lease(34n, 'exclusive', id)
  const add = (): Promise<void> =>
    guard.run(holder, [
      {
        Update: {
          TableName,
          Key: keyOf(id),
          UpdateExpression: 'ADD sold :one',
          ExpressionAttributeValues: { ':one': { N: '1' } },
        },
      },
    ])
  await Promise.all(Array.from({ length: 10 }, add))
  const { Item } = await client.send(new GetItemCommand({ TableName, Key: keyOf(id), ConsistentRead: true }))
  expect(Item?.['sold']).toEqual({ N: '10' })
})

test('the part for your own transaction is the mark: raised by a holder, compared by a reader', async () => {
  const [guard, id] = [fence(client), fresh()]
  const carriedOut = async (token: bigint, mode: Mode): Promise<unknown> => {
    const { Update, ConditionCheck } = {
      Update: undefined,
      ConditionCheck: undefined,
      ...guard.mark(lease(token, mode, id)),
    }
    const part = Update === undefined ? { ConditionCheck } : { Update }
    return await client.send(new TransactWriteItemsCommand({ TransactItems: [part] })).then(
      () => 'written',
      (error: unknown) => (error instanceof Error ? error.name : error),
    )
  }
  expect(await carriedOut(34n, 'exclusive')).toBe('written')
  expect(await carriedOut(35n, 'shared')).toBe('written')
  await guard.check(lease(34n, 'exclusive', id))
  expect(await carriedOut(33n, 'shared')).toBe('TransactionCanceledException')
})

test('fragments guard an item by an attribute of its own, without the table of marks', async () => {
  const [guard, id] = [fence(client), fresh()]
  await client.send(new PutItemCommand({ TableName, Item: keyOf(id) }))
  const sell = async (token: bigint, buyer: string): Promise<unknown> => {
    const { set, condition, names, values } = guard.row(lease(token, 'exclusive', id))
    return await client
      .send(
        new UpdateItemCommand({
          TableName,
          Key: keyOf(id),
          UpdateExpression: `SET buyer = :buyer, ${set}`,
          ConditionExpression: condition,
          ExpressionAttributeNames: names,
          ExpressionAttributeValues: { ...values, ':buyer': { S: buyer } },
        }),
      )
      .then(
        () => 'sold',
        (error: unknown) => (error instanceof Error ? error.name : error),
      )
  }
  expect(await sell(34n, 'ada')).toBe('sold')
  expect(await sell(33n, 'bob')).toBe('ConditionalCheckFailedException')
  expect(await sell(1_700_000_000_000_000n, 'eve')).toBe('sold')
  expect(guard.row(lease(34n, 'shared', id)).set).toContain('if_not_exists')
})

test('what a ledger reads on entering no late writer can change', async () => {
  const [book, id] = [ledger(client), fresh()]
  const [older, newer] = [lease(33n, 'exclusive', id), lease(34n, 'exclusive', id)]
  expect(await book.get(older)).toBeNull()
  await book.put(older, 'thirty-three')
  expect(await book.enter(newer)).toEqual({ value: 'thirty-three', token: 33n })
  await expect(book.put(older, 'late')).rejects.toThrow(StaleToken)
  await expect(book.put(lease(35n, 'shared', id), 'by a reader')).rejects.toThrow(Unsupported)
  expect(await book.enter(lease(35n, 'shared', id))).toEqual({ value: 'thirty-three', token: 33n })
  await book.put(newer, 'thirty-four')
  expect(await book.get(newer)).toEqual({ value: 'thirty-four', token: 34n })
})

test('an entry that is to be kept for so long may go with its mark a day later, and not before a newer mark', async () => {
  const [guard, book, id] = [fence(client), ledger(client), fresh()]
  const hoursLeft = async (): Promise<number | undefined> => {
    const Key = { resource: { S: `shop!${id}` } }
    const { Item } = await client.send(new GetItemCommand({ TableName: 'holdfast-fence', Key, ConsistentRead: true }))
    const expiresAtS = Item?.['expiresAtS']?.N
    return expiresAtS === undefined ? undefined : Math.round((Number(expiresAtS) - Date.now() / 1_000) / 3_600)
  }
  await book.put(lease(33n, 'exclusive', id), 'done', { keep: '1h' })
  expect(await hoursLeft()).toBe(25)
  await guard.enter(lease(34n, 'exclusive', id))
  expect(await hoursLeft()).toBe(undefined)
  expect(await book.enter(lease(35n, 'exclusive', id))).toEqual({ value: 'done', token: 33n })
  expect(await hoursLeft()).toBe(25)
  await book.put(lease(35n, 'exclusive', id), 'begun')
  expect(await hoursLeft()).toBe(undefined)
  await book.enter(lease(36n, 'exclusive', id))
  expect(await hoursLeft()).toBe(undefined)
})

test('a table of marks that is missing is named, and a server that is away leaves it open', async () => {
  const guard = fence(client, { table: 'nowhere' })
  await expect(guard.enter(lease(34n))).rejects.toMatchObject({
    code: 'STORE_UNAVAILABLE',
    isFinal: true,
    message: expect.stringMatching(/nowhere: make it as fenceTable\(\) says/),
  })
  await engine?.pause()
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
  const hasty = new DynamoDBClient({
    endpoint: engine?.url ?? '',
    region: 'local',
    credentials,
    maxAttempts: 1,
    requestHandler: { requestTimeout: 300, throwOnRequestTimeout: true },
  })
  try {
    await expect(fence(hasty).enter(lease(34n))).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })
  } finally {
    await engine?.resume()
    hasty.destroy()
  }
})
