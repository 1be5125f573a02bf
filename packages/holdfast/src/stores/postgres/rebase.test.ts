/**
 * Moving the scale of tokens of a table, up and down.
 * @module-tag real-time
 */
import type { Engine } from '@holdfast/testbed/engines/engine'
import * as server from '@holdfast/testbed/engines/postgres/driver'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { takeAndLeave } from '../claims.fixture.ts'
import { HOUR_US, nowUs, testRebase } from '../sql/rebase.fixture.ts'
import { postgres, postgresSchema } from './index.ts'
import { drivers, Stage } from './postgres.fixture.ts'

const stage = new Stage()
let engine: Engine

beforeEach(async (context) => {
  await requireEngine(context, server)
  engine ??= await stage.server()
})
afterAll(() => stage[Symbol.asyncDispose]())

testRebase({
  drivers,
  store: (table, driver) =>
    postgres(driver === undefined ? engine.url : stage.userPool(driver, engine, { max: 4 }).client, { table }),
  opened: (store) => stage.opened(store),
  ask: (statement) => stage.pool(engine).query(statement),
  named: (table) => `holdfast.${table}`,
})

test('needs no more than the rights that locks need', async () => {
  const schema = 'rebasing'
  const person = stage.pool(engine)
  await person.query(`${postgresSchema({ schema })} CREATE ROLE raiser LOGIN; GRANT USAGE ON SCHEMA ${schema} TO raiser;
    GRANT SELECT, INSERT, UPDATE ON ${schema}.lines TO raiser;
    GRANT SELECT, INSERT, UPDATE, DELETE ON ${schema}.lines_waiters TO raiser`)
  const store = await stage.opened(postgres(engine.url.replace('postgres@', 'raiser@'), { schema }))
  const to = nowUs() + HOUR_US
  expect(await store.rebase?.(to)).toEqual({ highest: 0n })
  expect(await takeAndLeave(store, 'n!new')).toBe(to + 1n)
})
