/**
 * What is said of a server that does not let itself be opened.
 * @module-tag real-time
 */
import { afterEach, beforeEach, expect, test } from 'vitest'
import * as server from '@holdfast/testbed/engines/redis/server'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { holdfast } from '../../holdfast.ts'
import { redis } from './index.ts'
import { Stage } from './redis.fixture.ts'

let stage: Stage

beforeEach(async (context) => {
  await requireEngine(context, server)
  stage = new Stage()
})
afterEach(() => stage[Symbol.asyncDispose]())

test(
  'a frozen server is told as one that does not answer, and opens when it goes on',
  { timeout: 60_000 },
  async () => {
    const engine = await stage.server()
    await engine.pause()
    const locks = holdfast(redis(engine.url))
    stage.ending(() => locks.close())
    await expect(locks.open()).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringMatching(
        /^opening: no answer from the store within 5000 ms; .* check that it runs/,
      ) as string,
    })
    await engine.resume()
    await locks.open()
  },
)
