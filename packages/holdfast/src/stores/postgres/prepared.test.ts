/**
 * Statements are kept prepared where each connection has a process of the server for itself, and nowhere else.
 * @module-tag real-time
 */
import type { Engine } from '@holdfast/testbed/engines/engine'
import * as pooler from '@holdfast/testbed/engines/pgbouncer/server'
import * as server from '@holdfast/testbed/engines/postgres/driver'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import type { Pool } from 'pg'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { holdfast } from '../../holdfast.ts'
import { takeAndLeave } from '../claims.fixture.ts'
import { postgres } from './index.ts'
import { Stage } from './postgres.fixture.ts'

const stage = new Stage()
let engine: Engine

beforeEach(async (context) => {
  await requireEngine(context, server)
  engine ??= await stage.server()
})
afterAll(() => stage[Symbol.asyncDispose]())

async function preparedBy(pool: Pool): Promise<number> {
  const { rows } = await pool.query(`SELECT FROM pg_prepared_statements WHERE name LIKE 'holdfast-%'`)
  return rows.length
}

test('a connection of the server keeps the statements of a lock prepared', async () => {
  const pool = stage.pool(engine, { max: 1 })
  const store = await stage.opened(postgres(pool))
  for (let turn = 0; turn < 3; turn += 1) await takeAndLeave(store, 'n!prepared')
  expect(await preparedBy(pool)).toBeGreaterThan(0)
})

test('nothing is prepared through a pooler', async (context) => {
  await requireEngine(context, pooler)
  await using bouncer = await pooler.start({ before: engine, poolSize: 1 })
  await using near = new Stage()
  const pool = near.pool(bouncer, { max: 1 })
  const store = await near.opened(postgres(pool))
  for (let turn = 0; turn < 3; turn += 1) await takeAndLeave(store, 'n!pooled')
  expect(await preparedBy(pool)).toBe(0)
})

test('a program that discards what its connections have prepared still gets its locks', async () => {
  const pool = stage.pool(engine, { max: 1 })
  await using locks = holdfast(postgres(pool))
  const take = async (): Promise<void> => {
    await using lease = await locks.acquire('discarded')
    expect(lease.isHeld()).toBe(true)
  }
  await take()
  await take()
  await pool.query('DEALLOCATE ALL')
  await take()
  await take()
  // Whoever does it once may do it again.
  expect(await preparedBy(pool)).toBe(0)
})
