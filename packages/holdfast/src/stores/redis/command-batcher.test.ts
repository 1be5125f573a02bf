/** @module-tag real-time */
import { afterAll, beforeEach, expect, test } from 'vitest'
import * as server from '@holdfast/testbed/engines/redis/server'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { StoreUnavailable } from '../../store/errors.ts'
import type { Standing } from '../../store/standing.ts'
import { redis } from './index.ts'
import { claim, held, Stage, takeAndLeave } from './redis.fixture.ts'

const stage = new Stage()
let seen: ReturnType<Stage['client']> | undefined
let names = 0

beforeEach(async (context) => {
  await requireEngine(context, server)
  seen ??= stage.client(await stage.server())
})
afterAll(() => stage[Symbol.asyncDispose]())

const fresh = (): string => `n!lock${(names += 1)}`

function client(): NonNullable<typeof seen> {
  if (seen === undefined) throw new Error('there is no client')
  return seen
}

/** What the server counted since it was started. */
async function scriptsRun(): Promise<number> {
  return Number(/cmdstat_evalsha:calls=(\d+)/.exec(await client().info('commandstats'))?.[1] ?? 0)
}

test('what is asked in one moment travels together, in the order in which it was asked', async () => {
  const store = await stage.opened(redis(client()))
  const names = Array.from({ length: 64 }, fresh)
  await Promise.all(names.map((name) => takeAndLeave(store, name)))
  const before = await scriptsRun()
  const claims = names.map((name) => claim(name))
  const standings = await Promise.all(claims.map((each) => store.enter(each)))
  expect((await scriptsRun()) - before).toBe(2)
  const [first] = claims
  if (first === undefined) throw new Error('no claim')
  const [left, next] = await Promise.all([
    store.leave({ ...first, token: held(standings[0] as Standing).token }),
    store.enter(claim(first.resource)),
  ])
  expect([left, next.kind]).toEqual(['left', 'held'])
})

test('a key of another program is the failure of one claim, and what travels with it is not touched', async () => {
  const store = await stage.opened(redis(client(), { prefix: 'company' }))
  const claims = [claim(fresh()), claim(fresh()), claim(fresh())]
  await client().set(`company:{${claims[1]?.resource}}`, 'not a lock')
  const outcomes = await Promise.allSettled(claims.map((each) => store.enter(each)))
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(outcomes[1]).toMatchObject({ reason: expect.any(StoreUnavailable) })
  const leaves = await Promise.allSettled(claims.map((each) => store.leave(each)))
  expect(leaves.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
})
