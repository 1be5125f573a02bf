/** The servers of a Redlock and its options, as they are given. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import * as server from '@holdfast/testbed/engines/redis/server'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { redlock } from './index.ts'
import { RedlockStage } from './redlock.fixture.ts'

let stage: RedlockStage

beforeEach(async (context) => {
  await requireEngine(context, server)
  stage = new RedlockStage()
})
afterEach(() => stage[Symbol.asyncDispose]())

test('the lists are given in one URL as well', async () => {
  const engines = await stage.servers(5)
  const [places, old] = [engines, engines.slice(0, 3)].map((each) =>
    each.map(({ port }) => `127.0.0.1:${port}`).join(','),
  )
  await stage.opened(redlock(`redlock://${old}?maxTtl=30000`))
  const both = await stage.opened(redlock(`redlock://${places}?from=${old}&maxTtl=40000`))
  expect(both.facts.reasons[0]).toMatch(/^The list of servers is being changed: 4 of 5 servers/)
  expect(both.facts.ttl.maxMs).toBe(30_000)
  expect(() => redlock(`redlock://${places}?form=${old}`)).toThrow(/there may be maxTtl, names, from/)
  expect(() => redlock(`redlock://${places}?maxTtl=1e3`)).toThrow(/maxTtl must be/)
  expect(() => redlock(`redlock://${places}?names=a,b,c`)).toThrow(/names must be 5 texts/)
})
