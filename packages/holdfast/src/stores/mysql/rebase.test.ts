/**
 * Moving the scale of tokens of a table, up and down.
 * @module-tag real-time
 */
import type { Engine } from '@holdfast/testbed/engines/engine'
import * as server from '@holdfast/testbed/engines/mariadb/driver'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { promised } from '@holdfast/testbed/watchdog/broken-promise'
import type { RowDataPacket } from 'mysql2'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { claim, held, takeAndLeave } from '../claims.fixture.ts'
import { HOUR_US, nowUs, testRebase } from '../sql/rebase.fixture.ts'
import { mysql, mysqlSchema } from './index.ts'
import { as, Stage } from './mysql.fixture.ts'

const stage = new Stage()
let engine: Engine

beforeEach(async (context) => {
  await requireEngine(context, server)
  engine ??= await stage.server()
})
afterAll(() => stage[Symbol.asyncDispose]())

testRebase({
  drivers: ['mysql2', 'mariadb'],
  heartbeatMs: 10,
  store(table, driver) {
    if (driver === undefined) return mysql(engine.url, { table })
    const options = { connectionLimit: 4 }
    return mysql(driver === 'mysql2' ? stage.pool(engine, options) : stage.mariadbPool(engine, options), { table })
  },
  opened: (store) => stage.opened(store),
  ask: (statement) => stage.pool(engine).query(statement),
  named: (table) => table,
})

test('a line that is being made while the tokens are raised comes behind the base, in any isolation', async () => {
  const table = 'making'
  const person = stage.pool(engine)
  const store = await stage.opened(mysql(engine.url, { table }))
  await person.query(`CREATE TRIGGER slow BEFORE INSERT ON ${table} FOR EACH ROW
    IF NEW.resource = 'n!slow' THEN SET @slept = SLEEP(1); END IF`)
  await person.query('SET GLOBAL TRANSACTION ISOLATION LEVEL READ COMMITTED')
  const maker = await stage.opened(mysql(stage.pool(engine), { table }))
  const asked = claim('n!slow')
  const entered = maker.enter(asked)
  await expect.poll(sleepers).toBe(1)
  const to = nowUs() + HOUR_US
  await store.rebase?.(to)
  const { token } = held(await entered)
  await maker.leave({ ...asked, token })
  const next = await takeAndLeave(store, 'n!slow')
  promised(() => expect(next).toBe(to + 1n))
})

async function sleepers(): Promise<number> {
  const [rows] = await stage
    .pool(engine)
    .query<RowDataPacket[]>("SELECT ID FROM information_schema.PROCESSLIST WHERE STATE = 'User sleep'")
  return rows.length
}

test('needs no more than the rights that locks need', async () => {
  const table = 'rebasing'
  const person = stage.pool(engine, { multipleStatements: true })
  await person.query(`${mysqlSchema({ table })} CREATE USER raiser@'%';
    GRANT SELECT, INSERT, UPDATE ON locks.${table} TO raiser@'%';
    GRANT SELECT, INSERT, UPDATE, DELETE ON locks.${table}_waiters TO raiser@'%'`)
  const store = await stage.opened(mysql(as('raiser', engine), { table }))
  const to = nowUs() + HOUR_US
  expect(await store.rebase?.(to)).toEqual({ highest: 0n })
  expect(await takeAndLeave(store, 'n!new')).toBe(to + 1n)
})
