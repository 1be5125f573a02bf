/**
 * DynamoDB beyond the conformance cases, on Amazon's own local server: what is billed, whose write a refusal was, and a program
 * of another language on the same line.
 * @module-tag real-time
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb'
import * as server from '@holdfast/testbed/engines/dynamodb/driver'
import type { Engine } from '@holdfast/testbed/engines/engine'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { promised } from '@holdfast/testbed/watchdog/broken-promise'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { Misuse, StoreUnavailable } from '../../store/errors.ts'
import { claim, held, takeAndLeave } from '../claims.fixture.ts'
import { Stage, urlOf } from './dynamodb.fixture.ts'
import { dynamodb, dynamodbSchema, dynamodbTableState } from './index.ts'

const stage = new Stage()
let engine: Engine
let names = 0

beforeEach(async (context) => {
  await requireEngine(context, server)
  engine ??= await stage.server()
})
afterAll(() => stage[Symbol.asyncDispose]())

const fresh = (): string => `n!lock${(names += 1)}`

describe('what is billed', () => {
  test('an uncontended pair is two writes of one unit each, and so is the first of a new line', async () => {
    const { client, bill } = stage.billed(engine)
    const store = await stage.opened(dynamodb(client))
    const resource = fresh()
    for (let pair = 0; pair < 2; pair += 1) {
      Object.assign(bill, { requests: 0, writeUnits: 0 })
      await takeAndLeave(store, resource)
      expect(bill).toMatchObject({ requests: 2, readUnits: 0, writeUnits: 2 })
    }
  })

  test('a renewal is one write, a try on a lock of another process one request, a look of its waiter one read', async () => {
    const [{ client, bill: own }, { client: other, bill }] = [stage.billed(engine), stage.billed(engine)]
    const [store, waiting] = [await stage.opened(dynamodb(client)), await stage.opened(dynamodb(other))]
    const resource = fresh()
    const [first, second] = [claim(resource), claim(resource, { ttlMs: 60_000 })]
    held(await store.enter(first))
    Object.assign(bill, { requests: 0, writeUnits: 0 })
    expect(await waiting.enter(claim(resource, { queue: false }))).toMatchObject({ kind: 'refused' })
    expect(bill.requests).toBe(1)
    expect(await waiting.enter(second)).toMatchObject({ kind: 'queued', ahead: 0 })
    Object.assign(bill, { requests: 0, readUnits: 0, writeUnits: 0 })
    expect(await waiting.enter(second)).toMatchObject({ kind: 'queued' })
    expect(bill).toMatchObject({ requests: 1, readUnits: 1, writeUnits: 0 })
    // The waiter has written since, which costs the next write of the holder a second try.
    await store.renew([{ ref: first, ttlMs: 60_000 }])
    Object.assign(own, { requests: 0, writeUnits: 0 })
    await store.renew([{ ref: first, ttlMs: 60_000 }])
    expect(own).toMatchObject({ requests: 1, readUnits: 0, writeUnits: 1 })
  })
})

describe('the item', () => {
  test('of a line that nobody uses has a time to go, and while somebody holds it has none', async () => {
    const store = await stage.opened(dynamodb(stage.client(engine)))
    const first = claim(fresh())
    const seen = async (): Promise<Record<string, unknown>> => {
      const command = new GetItemCommand({ TableName: 'holdfast', Key: { line: { S: first.resource } } })
      return (await stage.client(engine).send(command)).Item ?? {}
    }
    const { token } = held(await store.enter(first))
    expect(Object.keys(await seen()).toSorted()).toEqual(['line', 'record', 'version'])
    await store.leave({ ...first, token })
    const { expiresAt, record } = await seen()
    expect(record).toEqual({ S: `${token}\n\n[]` })
    const days = (Number((expiresAt as { N: string }).N) - Date.now() / 1000) / 86_400
    expect(days).toBeGreaterThan(29.9)
    expect(days).toBeLessThan(30.1)
    held(await store.enter(claim(first.resource)))
    expect(await seen()).not.toHaveProperty('expiresAt')
  })

  test('of another program is refused and named, and stays as it is', async () => {
    const [client, resource] = [stage.client(engine), fresh()]
    const Item = { line: { S: resource }, theirs: { S: 'x' } }
    await client.send(new PutItemCommand({ TableName: 'holdfast', Item }))
    const store = await stage.opened(dynamodb(client))
    await expect(store.enter(claim(resource))).rejects.toThrow(StoreUnavailable)
    await expect(store.look(resource)).rejects.toThrow(/damaged, or of another program/)
    const command = new GetItemCommand({ TableName: 'holdfast', Key: { line: { S: resource } } })
    expect((await client.send(command)).Item).toEqual(Item)
  })

  test('that was deleted while nobody used it begins above its old tokens, by the clock', async () => {
    const [client, resource] = [stage.client(engine), fresh()]
    const [store, other] = [await stage.opened(dynamodb(client)), await stage.opened(dynamodb(client))]
    const before = await takeAndLeave(store, resource)
    await client.send(new DeleteItemCommand({ TableName: 'holdfast', Key: { line: { S: resource } } }))
    expect(await takeAndLeave(store, resource)).toBeGreaterThan(before)
    expect(await takeAndLeave(other, resource)).toBeGreaterThan(before)
  })
})

test('the SDK sends a write again whose answer was lost: its own write refuses it, and it is taken for done', async () => {
  const way = await stage.way(engine)
  const impatient = { maxAttempts: 5, requestHandler: { requestTimeout: 250, throwOnRequestTimeout: true } }
  const { client, bill } = stage.billed({ url: way.through(engine.url) }, impatient)
  const refused: string[] = []
  client.middlewareStack.add(
    (next) => async (args) => {
      try {
        return await next(args)
      } catch (error) {
        refused.push(error instanceof Error ? error.name : '')
        throw error
      }
    },
    { step: 'deserialize', priority: 'high' },
  )
  const store = await stage.opened(dynamodb(client))
  const first = claim(fresh())
  const { token } = held(await store.enter(first))
  way.set({ kind: 'lose-replies' })
  const leaving = store.leave({ ...first, token })
  await expect.poll(() => refused.length, { timeout: 5_000 }).toBeGreaterThan(0)
  way.set({ kind: 'pass' })
  const left = await leaving
  promised(() => expect(left).toBe('left'))
  expect(bill.errors).toEqual(['ConditionalCheckFailedException'])
  expect((await store.look(first.resource)).claims).toEqual([])
})

test(
  'two processes of another language and two of ours take turns, and the tokens rise',
  { timeout: 90_000 },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-'))
    const [file, turns] = [join(folder, 'tokens'), 6]
    const fixture = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
    const ours = [process.execPath, fixture('turns.fixture.ts'), urlOf(engine), 'n!turns', file, String(turns), '50']
    const theirs = ['python3', fixture('turns.fixture.py'), engine.url, 'n!turns', file, String(turns)]
    try {
      const children = [ours, theirs, ours, theirs].map(([program = '', ...words]) =>
        spawn(program, words, { stdio: ['ignore', 'ignore', 'inherit'] }),
      )
      const codes = await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0] as number | null))
      expect(codes).toEqual([0, 0, 0, 0])
      const tokens = readFileSync(file, 'utf8').trim().split('\n').map(BigInt)
      promised(() => {
        expect(tokens).toHaveLength(4 * turns)
        expect(tokens).toEqual([...new Set(tokens)].toSorted((one, other) => (one < other ? -1 : 1)))
      })
    } finally {
      rmSync(folder, { recursive: true })
    }
  },
)

test('a table that is missing, that is of another program, or with an odd name is refused with the way out', async () => {
  const missing = dynamodb(stage.client(engine), { table: 'nowhere' })
  await expect(stage.opened(missing)).rejects.toMatchObject({
    code: 'STORE_UNAVAILABLE',
    isFinal: true,
    message: expect.stringMatching(/does not have the table.*dynamodbSchema\(\).*ResourceNotFoundException/),
  })
  expect(() => dynamodb(stage.client(engine), { table: 'a b' })).toThrow(Misuse)
  expect(() => dynamodb({} as never)).toThrow(/takes a DynamoDBClient/)
  expect(dynamodbSchema({ table: 'locks' })).toMatch(/create-table --table-name locks .*AttributeName=expiresAt/s)
})

test('a name is no pattern, and lines that nobody uses are not listed', async () => {
  const store = await stage.opened(dynamodb(urlOf(engine)))
  const [first, idle] = [claim('list!a'), 'list!b']
  held(await store.enter(first))
  await takeAndLeave(store, idle)
  const update = {
    TableName: 'holdfast',
    Key: { line: { S: 'list!c' } },
    UpdateExpression: 'SET #version = :x, #record = :record',
    ExpressionAttributeNames: { '#version': 'version', '#record': 'record' },
    ExpressionAttributeValues: { ':x': { S: 'x' }, ':record': { S: '5\n\n[]' } },
  }
  await stage.client(engine).send(new UpdateItemCommand(update))
  expect(await store.list('list!', undefined, 10)).toEqual({ resources: ['list!a'] })
  await store.leave(first)
})

test('the state of the table says what becomes of idle lines, how it is billed and kept', async () => {
  expect(await dynamodbTableState(urlOf(engine))).toMatchObject({
    billing: 'on demand',
    isProtected: false,
    timeToLive: 'kept for ever',
    regions: [],
  })
  const specification = { Enabled: true, AttributeName: 'expiresAt' }
  await stage
    .client(engine)
    .send(new UpdateTimeToLiveCommand({ TableName: 'holdfast', TimeToLiveSpecification: specification }))
  expect(await dynamodbTableState(urlOf(engine))).toMatchObject({ timeToLive: 'deleted in time' })
  await expect(dynamodbTableState(urlOf(engine), { table: 'nowhere' })).rejects.toThrow(StoreUnavailable)
})
