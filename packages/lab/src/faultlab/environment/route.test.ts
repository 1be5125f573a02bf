/** @module-tag real-time */
import { beforeEach, expect, test } from 'vitest'
import { start } from '@holdfast/testbed/engines/redis/server'
import * as redis from '@holdfast/testbed/engines/redis/driver'
import { RespConnection } from '@holdfast/testbed/engines/redis/resp'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { Route } from './route.ts'

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
  const route = await Route.open('w1', 0, engine)
  const look = (): Promise<string> => ask(route.through(engine.url), 'PING')
  const liftHole = route.impose({ kind: 'black-hole' })
  expect(await look()).toBe('no answer')
  const liftCut = route.impose({ kind: 'cut' })
  expect(await look()).toBe('ECONNRESET')
  liftHole()
  expect(await look()).toBe('ECONNRESET')
  liftHole()
  liftCut()
  expect(await look()).toBe('PONG')
  await route.close()
})

test('each fault on the way counts what it hit itself, and nothing that came by under another one', async () => {
  await using engine = await start()
  const route = await Route.open('w1', 0, engine)
  const look = (): Promise<string> => ask(route.through(engine.url), 'PING')
  expect(route.impose({ kind: 'lose-requests' })()).toBe(0)
  await look()
  const liftHole = route.impose({ kind: 'black-hole' })
  const liftCut = route.impose({ kind: 'cut' })
  expect(await look()).toBe('ECONNRESET')
  expect(liftCut()).toBeGreaterThan(0)
  expect(liftHole()).toBe(0)
  const liftReplies = route.impose({ kind: 'lose-replies' })
  expect(await look()).toBe('no answer')
  expect(liftReplies()).toBe('+PONG\r\n'.length)
  expect(route.impose({ kind: 'lose-replies' })()).toBe(0)
  const liftDelay = route.impose({ kind: 'delay', delayMs: 1 })
  expect(await look()).toBe('PONG')
  expect(liftDelay()).toBeGreaterThan('+PONG\r\n'.length)
  const liftHold = route.impose({ kind: 'hold' })
  // Held until the one who asks has given up.
  expect(await look()).toBe('no answer')
  expect(liftHold()).toBeGreaterThan(0)
  await route.close()
})

test('a way that leads elsewhere takes nobody along', async () => {
  await using first = await start()
  await using second = await start()
  await ask(second.url, 'SET', 'who', 'second')
  const route = await Route.open('w1', 0, first)
  await using connection = await RespConnection.open(route.through(first.url))
  expect(await connection.command('PING')).toBe('PONG')
  route.leadTo(second)
  await expect(connection.command('PING')).rejects.toMatchObject({ code: 'ECONNRESET' })
  expect(await ask(route.through(first.url), 'GET', 'who')).toBe('second')
  await route.close()
})
