/**
 * The marks in PostgreSQL: their table, the rights on it, the wait for one, and the columns that do without it.
 * @module-tag real-time
 */
import * as server from '@holdfast/testbed/engines/postgres/driver'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { Client } from 'pg'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { Misuse, StaleToken, Unsupported, WaitTimeout } from '../../store/errors.ts'
import { Guarded, lease } from './guarded.fixture.ts'
import { fence, fenceTableSql } from './index.ts'

const guarded = new Guarded()

beforeEach(async (context) => {
  await requireEngine(context, server)
  await guarded.start()
})
afterAll(() => guarded[Symbol.asyncDispose]())

it('onlookers and readers may ask a standby, which gives no transaction an id', async () => {
  const { schema, seat } = await guarded.shop()
  await fence(guarded.pool(), { schema }).enter(lease(33n))
  const standby = await guarded.stage.server({ standbyOf: guarded.engine })
  const guard = fence(guarded.stage.pool(standby), { schema })
  await guard.check(lease(33n))
  await expect(guard.check(lease(32n))).rejects.toThrow(StaleToken)
  const read = guard.run(lease(34n, 'shared'), async (tx) => (await tx.query(`SELECT id FROM ${seat}`)).rowCount)
  expect(await read).toBe(2)
})

it('another transaction that holds the mark is waited for no longer than told', async () => {
  const { schema } = await guarded.shop()
  const pool = guarded.pool()
  const guard = fence(pool, { schema, wait: '200ms' })
  await guard.run(lease(33n), async () => {
    await expect(guard.enter(lease(34n))).rejects.toThrow(WaitTimeout)
  })
  await guard.enter(lease(34n))
})

describe('row', () => {
  it('guards a row by a column of its own: newer and equal tokens pass, a stale one changes nothing', async () => {
    const { schema, seat } = await guarded.shop()
    const guard = fence(guarded.pool(), { schema })
    const sell = async (holder: ReturnType<typeof lease>, buyer: string): Promise<number | null> => {
      const { set, where } = guard.row(holder)
      const text = `UPDATE ${seat} SET buyer = $1, ${set} WHERE id = $2 AND ${where}`
      return (await guarded.person.query(text, [buyer, '14A'])).rowCount
    }
    expect(await sell(lease(9n), 'Ada')).toBe(1)
    expect(await sell(lease(10n), 'Bob')).toBe(1)
    expect(await sell(lease(10n), 'Cid')).toBe(1)
    expect(await sell(lease(9n), 'Dan')).toBe(0)
    expect(await sell(lease(9n, 'shared'), 'Eve')).toBe(0)
    expect(await sell(lease(12n, 'shared'), 'Fay')).toBe(1)
    expect(await sell(lease(11n), 'Gus')).toBe(1)
    expect(await guarded.buyerOf(seat)).toBe('Gus')
  })

  it('takes only a plain column name, and no permit', async () => {
    const guard = fence(guarded.person)
    expect(guard.row(lease(33n), { column: 'token' })).toEqual({ set: '"token" = 33', where: '"token" <= 33' })
    expect(() => guard.row(lease(33n), { column: 'fence" = 0; --' })).toThrow(Misuse)
    expect(() => guard.row(lease(33n, 'permit'))).toThrow(Unsupported)
  })
})

describe('the table of marks', () => {
  it('may be made by its owner, for a user with three rights on it', async () => {
    const { schema, seat } = await guarded.shop()
    const user = `clerk_of_${schema}`
    await guarded.person.query(
      `CREATE USER ${user}; GRANT USAGE ON SCHEMA ${schema} TO ${user}; GRANT UPDATE ON ${seat} TO ${user}`,
    )
    const pool = guarded.stage.pool({ url: guarded.engine.url.replace('postgres@', `${user}@`) })
    const guard = fence(pool, { schema, table: 'marks' })
    await expect(guard.enter(lease(33n))).rejects.toThrow(/let its owner run "CREATE TABLE/)
    await guarded.person.query(fenceTableSql({ schema, table: 'marks' }))
    await guarded.person.query(`GRANT SELECT, INSERT, UPDATE ON ${schema}.marks TO ${user}`)
    await guard.enter(lease(33n))
    await guard.run(lease(33n), (tx) => tx.query(`UPDATE ${seat} SET buyer = 'Ada'`))
    expect((await guarded.person.query(`SELECT * FROM ${schema}.marks`)).rows).toEqual([
      { resource: 'shop!seat:14A', token: '33' },
    ])
  })

  it.each(['', 'a b', '1a', 'a"; DROP TABLE seat; --', 'public.a', 'a'.repeat(64), 'é'])(
    'cannot be called %j',
    (table) => {
      expect(() => fence(guarded.person, { table })).toThrow(Misuse)
      expect(() => fence(guarded.person, { schema: table })).toThrow(Misuse)
    },
  )

  it.each([0, -1, 1.5, '2h', 'soon'])('a wait of %j is refused', (wait) => {
    expect(() => fence(guarded.person, { wait })).toThrow(/wait/)
  })
})

it('takes a pool, and no single connection, which may stand in a transaction', () => {
  expect(() => fence(new Client() as never)).toThrow(/takes a Pool/)
  expect(() => fence(undefined as never)).toThrow(/takes a Pool/)
})
