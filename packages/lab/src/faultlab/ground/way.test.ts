import { beforeEach, expect, test } from 'vitest'
import { start } from '../../engines/redis/server.ts'
import * as redis from '../../engines/redis/driver.ts'
import { RespConnection } from '../../engines/redis/resp.ts'
import { requireEngine } from '../../engines/require-engine.ts'
import { Way } from './way.ts'

beforeEach(async (context) => {
  await requireEngine(context, redis)
})

async function ask(url: string, ...words: readonly string[]): Promise<string> {
  try {
    await using connection = await RespConnection.open(url, { withinMs: 300 })
    return String(await connection.command(...words))
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'no answer'
  }
}

test('of several faults on one way the last one is in force, until each of them is lifted', async () => {
  await using engine = await start()
  const way = await Way.open('w1', 0, engine)
  const look = (): Promise<string> => ask(way.through(engine.url), 'PING')
  const liftHole = way.impose({ kind: 'black-hole' })
  expect(await look()).toBe('no answer')
  const liftCut = way.impose({ kind: 'cut' })
  expect(await look()).toBe('ECONNRESET')
  liftHole()
  expect(await look()).toBe('ECONNRESET')
  liftHole()
  liftCut()
  expect(await look()).toBe('PONG')
  await way.close()
})

test('a way that leads elsewhere takes nobody along', async () => {
  await using first = await start()
  await using second = await start()
  await ask(second.url, 'SET', 'who', 'second')
  const way = await Way.open('w1', 0, first)
  await using connection = await RespConnection.open(way.through(first.url))
  expect(await connection.command('PING')).toBe('PONG')
  way.leadTo(second)
  await expect(connection.command('PING')).rejects.toMatchObject({ code: 'ECONNRESET' })
  expect(await ask(way.through(first.url), 'GET', 'who')).toBe('second')
  await way.close()
})
