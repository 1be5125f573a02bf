import { readFileSync } from 'node:fs'
import { Redis } from 'ioredis'
import { createClient, RESP_TYPES } from 'redis'
import { afterAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import type { Engine } from '@holdfast/testbed/engines/engine'
import * as server from '@holdfast/testbed/engines/redis/server'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import type { Clock } from '../../time/clock.ts'
import { Misuse, OutcomeUnknown, StaleToken, Unsupported } from '../../store/errors.ts'
import type { Fenced, Mode } from '../../lease/lease.ts'
import { type Commit, guardCases, type GuardedRegister, type GuardedResource } from '../../testing/guard-contract.ts'
import { fence, fenceLua, ledger, type RedisCommands } from './index.ts'

const WRITE = `redis.call('SET', KEYS[1], ARGV[2])
redis.call('RPUSH', KEYS[2], cjson.encode({ key = ARGV[4], based = tonumber(ARGV[1]), value = tonumber(ARGV[2]), token = ARGV[3] }))`

let engine: Engine | undefined
let url = ''
let client: Redis
let resources = 0

beforeEach(async (context) => {
  await requireEngine(context, server)
  if (engine !== undefined) return
  engine = await server.start()
  ;({ url } = engine)
  client = new Redis(url)
})
afterAll(async () => {
  client?.disconnect()
  await engine?.close()
})

function lease(token: bigint, mode: Mode = 'exclusive', name = 'stock'): Fenced {
  return { namespace: 'shop', name, mode, token, assertHeld: () => undefined }
}

async function registerInRedis(clock: Clock, connect: () => Promise<Connection>): Promise<GuardedResource> {
  const prefix = `case-${(resources += 1)}`
  const opened: Connection[] = []
  return {
    async connect() {
      const connection = await connect()
      opened.push(connection)
      return registerOn(connection.commands, prefix, clock)
    },
    async commits() {
      const lines = await client.lrange(`${prefix}-history`, 0, -1)
      return lines.map((line) => {
        const { token, ...change } = JSON.parse(line)
        return { ...change, token: BigInt(token) } as Commit
      })
    },
    async close() {
      for (const { close } of opened) close()
    },
  }
}

function registerOn(commands: RedisCommands, prefix: string, clock: Clock): GuardedRegister {
  const guard = fence(commands, { prefix, clock })
  const read = async (key: string): Promise<number> => Number((await client.get(`${prefix}-data-${key}`)) ?? 0)
  return {
    enter: (holder) => guard.enter(holder),
    check: (holder) => guard.check(holder),
    read,
    async enterAndRead(holder, key) {
      await guard.enter(holder)
      return read(key)
    },
    async write(holder, { key, based, value }) {
      const token = String(holder.token)
      const keys = [`${prefix}-data-${key}`, `${prefix}-history`]
      await guard.run(holder, { lua: WRITE, keys, args: [String(based), String(value), token, key] })
    },
  }
}

interface Connection {
  readonly commands: RedisCommands
  close(): void
}

async function withIoredis(): Promise<Connection> {
  const own = new Redis(url)
  return { commands: own, close: () => own.disconnect() }
}

async function withNodeRedis(): Promise<Connection> {
  const own = createClient({ url })
  await own.connect()
  return { commands: own, close: () => own.destroy() }
}

describe.each([
  ['ioredis', withIoredis],
  ['node-redis', withNodeRedis],
])('the guard contract on Redis through %s', (_, connect) => {
  // A script runs no code of the caller, so there is nothing to begin, to fail or to wait in the middle of it.
  test.each(guardCases.filter(({ needs }) => needs !== 'transaction'))('$name', ({ run }) =>
    run((clock) => registerInRedis(clock, connect)),
  )
})

test('the work has its own keys and arguments, and its answer comes back', async () => {
  const guard = fence(client)
  const work = { lua: 'return { KEYS[1], ARGV[1], #KEYS, #ARGV }', keys: ['k'], args: ['a'] }
  expect(await guard.run(lease(34n), work)).toEqual(['k', 'a', 1, 1])
  expect(await guard.run(lease(34n), { lua: '-- nothing' })).toBeNull()
  await expect(guard.run(lease(33n), work)).rejects.toThrow(StaleToken)
})

test('an error of the work is thrown on as it is', async () => {
  const guard = fence(client)
  await expect(guard.run(lease(34n), { lua: "return redis.error_reply('SOLD out')" })).rejects.toThrow('SOLD out')
  await expect(guard.run(lease(34n), { lua: 'this is no Lua' })).rejects.toThrow(/compiling/)
})

test('the plain pieces guard a script of your own', async () => {
  const guard = fence(client, { prefix: 'own' })
  const text = `${fenceLua}
if fence(KEYS[1], ARGV[1], ARGV[2]) then return 'stale' end
redis.call('SET', KEYS[2], 'sold')
return 'done'`
  const run = (token: bigint): Promise<unknown> => {
    const { key, token: shown, raises } = guard.mark(lease(token))
    return client.eval(text, 2, key, 'own-data', shown, raises)
  }
  expect(await run(34n)).toBe('done')
  expect(await run(33n)).toBe('stale')
  expect(await client.get('own:{shop!stock}')).toBe('34')
})

test('the mark survives a server that forgot its scripts', async () => {
  const guard = fence(client, { prefix: 'forgetful' })
  await guard.enter(lease(34n))
  await client.script('FLUSH')
  await expect(guard.enter(lease(33n))).rejects.toThrow(StaleToken)
})

test('a mark never expires', async () => {
  const guard = fence(client, { prefix: 'lasting' })
  await guard.enter(lease(34n))
  expect(await client.pttl('lasting:{shop!stock}')).toBe(-1)
})

test('a ledger keeps what the last holder wrote, and a late one cannot change it', async () => {
  const book = ledger(client, { prefix: 'book' })
  const lock = { namespace: 'shop', name: 'stock' }
  expect(await book.get(lock)).toBeNull()
  expect(await book.enter(lease(33n))).toBeNull()
  await book.put(lease(33n), '{"done":1}')
  expect(await book.enter(lease(34n))).toEqual({ value: '{"done":1}', token: 33n })
  await expect(book.put(lease(33n), 'late')).rejects.toThrow(StaleToken)
  expect(await book.get(lock)).toEqual({ value: '{"done":1}', token: 33n })
  await expect(book.put(lease(35n, 'shared'), 'x')).rejects.toThrow(Unsupported)
  await expect(book.put(lease(35n), 'x'.repeat(65_537))).rejects.toThrow(Misuse)
})

test('an entry that is to be kept for so long goes by itself, and its mark a day later', async () => {
  const book = ledger(client, { prefix: 'kept' })
  const [mark, entry] = ['kept:{shop!stock}', 'kept:{shop!stock}:ledger']
  const hoursOf = async (key: string): Promise<number> => Math.round((await client.pttl(key)) / 3_600_000)
  await book.put(lease(33n), 'done', { keep: '1h' })
  expect([await hoursOf(entry), await hoursOf(mark)]).toEqual([1, 25])
  await fence(client, { prefix: 'kept' }).enter(lease(34n))
  expect(await client.pttl(mark)).toBe(-1)
  expect(await book.enter(lease(35n))).toEqual({ value: 'done', token: 33n })
  expect([await hoursOf(entry), await hoursOf(mark)]).toEqual([1, 25])
  await book.put(lease(35n), 'begun')
  expect([await client.pttl(entry), await client.pttl(mark)]).toEqual([-1, -1])
  await book.put(lease(36n), 'done', { keep: 1 })
  await expect.poll(() => book.get({ namespace: 'shop', name: 'stock' })).toBe(null)
  await expect(book.enter(lease(35n))).rejects.toThrow(StaleToken)
})

test('a client that gives bytes in place of text is understood', async () => {
  const own = createClient({ url })
  await own.connect()
  onTestFinished(() => own.destroy())
  const bytes = own.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer })
  const [guard, book] = [fence(bytes, { prefix: 'bytes' }), ledger(bytes, { prefix: 'bytes' })]
  expect(await book.get(lease(33n))).toBeNull()
  await book.put(lease(33n), 'sold: 5 €')
  expect(await book.get(lease(33n))).toEqual({ value: 'sold: 5 €', token: 33n })
  expect(await book.enter(lease(34n))).toEqual({ value: 'sold: 5 €', token: 33n })
  const refusal: Error = expect.objectContaining({ name: 'StaleToken', needed: 34n })
  await expect(guard.enter(lease(33n))).rejects.toThrow(refusal)
  for (const repeatable of [false, true]) {
    await expect(guard.run(lease(33n), { lua: 'return 1', repeatable })).rejects.toThrow(refusal)
    expect(await guard.run(lease(34n), { lua: 'return 1', repeatable })).toBe(1)
  }
})

test.each([
  ['a client in a transaction', 'QUEUED'],
  ['a client that says nothing', undefined],
  ['a client with an own idea of text', [{ text: '34' }, { text: 'x' }]],
])('%s is told, and is neither a yes nor an empty ledger', async (_, answer) => {
  const wrong = { send: async () => answer }
  const [guard, book] = [fence(wrong), ledger(wrong)]
  await expect(book.get(lease(34n))).rejects.toThrow(OutcomeUnknown)
  await expect(book.enter(lease(34n))).rejects.toThrow()
  await expect(guard.enter(lease(34n))).rejects.toThrow(OutcomeUnknown)
  await expect(guard.run(lease(34n), { lua: 'return 1' })).rejects.toThrow(OutcomeUnknown)
})

test.each([
  ['with a store', 'locks', /^ACL (SETUSER locks .*)$/m, /For \[the guard\].* also\s`([^`]*)`/],
  ['alone', 'guard', /^ACL (SETUSER guard .*)$/m, undefined],
] as const)('the rights in the documentation are enough %s, and no more than that', async (_, user, whole, beyond) => {
  const page = readFileSync(new URL('../../../../../docs/redis.md', import.meta.url), 'utf8')
  const [, words = ''] = whole.exec(page) ?? []
  const [, more = '~stock:*'] = beyond?.exec(page) ?? []
  await client.call('ACL', ...`${words} ${more} ~stock:*`.split(' '))
  const own = new Redis(url.replace('//', `//${user}:secret@`))
  onTestFinished(() => own.disconnect())
  const [guard, book] = [fence(own), ledger(own)]
  // The rights are needed for what is new, too.
  const mine = lease(34n, 'exclusive', `for-${user}`)
  const work = { lua: "return redis.call('INCR', KEYS[1])", keys: ['stock:7'] }
  const sale = { lua: "redis.call('SET', KEYS[1], ARGV[1])", keys: ['stock:7'], args: ['6'] }
  expect(await guard.run(mine, sale)).toBeNull()
  await guard.enter(mine)
  await guard.check(mine)
  await guard.run(mine, { ...sale, repeatable: true })
  expect(await own.get('stock:7')).toBe('6')
  await book.put(mine, 'sold', { keep: '1h' })
  expect(await book.enter(mine)).toEqual({ value: 'sold', token: 34n })
  expect(await book.get(mine)).toEqual({ value: 'sold', token: 34n })
  await expect(guard.run(mine, work)).rejects.toThrow(/no permissions|can't run/)
  await expect(guard.run(mine, { ...sale, keys: ['elsewhere'] })).rejects.toThrow(/no permissions|can't access/i)
})

test.each([null, {}, 'redis://localhost'])('%j is no client', (wrong) => {
  expect(() => fence(wrong as unknown as RedisCommands)).toThrow(Misuse)
})

test('a prefix with a brace is refused: it would move the hash tag', () => {
  expect(() => fence(client, { prefix: 'a{b}' })).toThrow(Misuse)
})
