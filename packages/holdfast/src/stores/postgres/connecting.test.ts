/**
 * Connections that end in the moment in which they come about.
 * @module-tag real-time
 */
import type { Engine } from '@holdfast/testbed/engines/engine'
import * as server from '@holdfast/testbed/engines/postgres/driver'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { again, claim, held } from '../claims.fixture.ts'
import { Way } from '../way.fixture.ts'
import { postgres } from './index.ts'
import { Stage } from './postgres.fixture.ts'

const stage = new Stage()
let engine: Engine

beforeEach(async (context) => {
  await requireEngine(context, server)
  engine ??= await stage.server()
})
afterAll(() => stage[Symbol.asyncDispose]())

test('a connection that is ready and ended in one breath is an answer to its asker, and ends no process', async () => {
  await using way = new Way(engine)
  const url = `postgres://postgres@127.0.0.1:${await way.open()}/postgres`
  const pool = stage.pool({ url }, { max: 1, idleTimeoutMillis: 1, application_name: 'ended' })
  const store = await stage.opened(postgres(pool))
  await expect.poll(() => pool.totalCount).toBe(0)
  way.keep()
  const asked = claim('n!ended')
  const asking = store.enter(asked).then(
    () => 'answered',
    (error: { code?: string }) => error.code,
  )
  await expect.poll(() => way.said).toMatch(/Z\0\0\0\x05I$/)
  const person = stage.pool(engine)
  await person.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ended' AND query = ''`,
  )
  await expect.poll(() => way.said).toContain('57P01')
  way.give()
  expect(['OUTCOME_UNKNOWN', 'STORE_UNAVAILABLE', 'NOT_APPLIED']).toContain(await asking)
  held(await again(() => store.enter(asked)))
})
