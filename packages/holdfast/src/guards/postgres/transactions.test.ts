/**
 * What the guard does with transactions of PostgreSQL: its own, those of its caller, and those that the work makes of them.
 * @module-tag real-time
 */
import * as server from '@holdfast/testbed/engines/postgres/driver'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import type { PoolClient } from 'pg'
import postgres from 'postgres'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { Misuse, OutcomeUnknown, StaleToken, StoreUnavailable } from '../../store/errors.ts'
import { Guarded, lease } from './guarded.fixture.ts'
import { fence, fenceTableSql } from './index.ts'

const guarded = new Guarded()

beforeEach(async (context) => {
  await requireEngine(context, server)
  await guarded.start()
})
afterAll(() => guarded[Symbol.asyncDispose]())

describe('run', () => {
  it('returns what the work returned, hands it the connection, and gives that back', async () => {
    const { schema, seat } = await guarded.shop()
    const pool = guarded.pool({ max: 1 })
    const guard = fence(pool, { schema })
    const changed = await guard.run(
      lease(33n),
      async (tx) => (await tx.query(`UPDATE ${seat} SET buyer = 'Ada'`)).rowCount,
    )
    expect([changed, await guarded.buyerOf(seat), pool.idleCount]).toEqual([2, 'Ada', 1])
  })

  it.each([
    ['committed and goes on', ['COMMIT']],
    ['rolled back and goes on', ['ROLLBACK']],
    ['rolled back and began anew', ['ROLLBACK', 'BEGIN']],
    ['committed and began anew', ['COMMIT', 'BEGIN']],
  ])('says so when the work %s, for then nothing guards what it writes', async (_, ends) => {
    const { schema, seat } = await guarded.shop()
    const attempt = fence(guarded.pool(), { schema }).run(lease(33n), async (tx) => {
      for (const end of ends) await tx.query(end)
      await tx.query(`UPDATE ${seat} SET buyer = 'Ada' WHERE id = '14A'`)
    })
    await expect(attempt).rejects.toThrow(/was ended inside the work/)
    if (ends.length > 1) expect(await guarded.buyerOf(seat)).toBe(null)
  })

  it('does not commit after an error of the database that the work swallowed', async () => {
    const { schema, seat } = await guarded.shop()
    const attempt = fence(guarded.pool(), { schema }).run(lease(33n), async (tx) => {
      await tx.query(`UPDATE ${seat} SET buyer = 'Ada'`)
      await tx.query('SELECT 1 / 0').catch(() => undefined)
    })
    await expect(attempt).rejects.toMatchObject({ code: '25P02' })
    expect(await guarded.buyerOf(seat)).toBe(null)
  })

  it('lets the work nest and roll back its own savepoints', async () => {
    const { schema, seat } = await guarded.shop()
    const guard = fence(guarded.pool(), { schema })
    await guard.run(lease(33n), async (tx) => {
      await tx.query(`SAVEPOINT nested; UPDATE ${seat} SET buyer = 'Ada'; ROLLBACK TO nested`)
      await tx.query(`UPDATE ${seat} SET buyer = 'Bob'`)
    })
    expect(await guarded.buyerOf(seat)).toBe('Bob')
    await expect(guard.check(lease(32n))).rejects.toThrow(StaleToken)
  })

  it('of a shared lease reads one snapshot and holds up no writer', async () => {
    const { schema, seat } = await guarded.shop()
    const guard = fence(guarded.pool(), { schema })
    await guard.enter(lease(33n))
    const seen = await guard.run(lease(34n, 'shared'), async (tx) => {
      await guard.run(lease(35n), (writer) => writer.query(`UPDATE ${seat} SET buyer = 'Ada'`))
      return (await tx.query<{ buyer: string }>(`SELECT buyer FROM ${seat}`)).rows[0]?.buyer
    })
    expect([seen, await guarded.buyerOf(seat)]).toEqual([null, 'Ada'])
  })

  it.each(['missing', 'there'])(
    'does the work once when its table of marks is %s, and not again for another that is missing',
    async (table) => {
      const { schema } = await guarded.shop()
      const guard = fence(guarded.pool(), { schema })
      if (table === 'there') await guard.enter(lease(33n))
      let runs = 0
      const attempt = guard.run(lease(33n), async (tx) => {
        runs += 1
        await tx.query('SELECT FROM nothing_of_this_name')
      })
      await expect(attempt).rejects.toMatchObject({ code: '42P01' })
      expect(runs).toBe(1)
    },
  )

  it('of which the connection breaks rejects with the words of the driver, and the pool goes on', async () => {
    const { schema, seat } = await guarded.shop()
    const guard = fence(guarded.pool({ max: 1 }), { schema })
    const attempt = guard.run(lease(33n), async (tx) => {
      const { rows } = await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
      await guarded.person.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid])
      await tx.query(`UPDATE ${seat} SET buyer = 'Ada'`)
    })
    await expect(attempt).rejects.toThrow(/terminat|not queryable/)
    await guard.run(lease(33n), (tx) => tx.query(`UPDATE ${seat} SET buyer = 'Bob'`))
    expect(await guarded.buyerOf(seat)).toBe('Bob')
  })
})

describe('a COMMIT', () => {
  /** A library whose connection is lost at the end of its first transactions, right before it would tell that it has committed. */
  function cutting(schema: string, last: 'COMMIT' | 'ROLLBACK', times: number) {
    const pool = guarded.pool()
    let cuts = 0
    const guard = fence(
      {
        transaction: async <T>(work: (tx: PoolClient) => Promise<T>): Promise<T> => {
          const client = await pool.connect()
          await client.query('BEGIN')
          const result = await work(client)
          await client.query((cuts += 1) > times ? 'COMMIT' : last)
          client.release()
          if (cuts > times) return result
          throw Object.assign(new Error('the connection was reset'), { code: 'ECONNRESET' })
        },
      },
      { schema },
    )
    return guard.run(lease(33n), async (tx) => {
      await tx.query(`UPDATE ${schema}.seat SET buyer = 'Ada'`)
      return 'sold'
    })
  }

  async function shopWithMarks() {
    const shop = await guarded.shop()
    await guarded.person.query(fenceTableSql(shop))
    return shop
  }

  it('whose answer was lost is asked about: what was committed is returned', async () => {
    const { schema, seat } = await shopWithMarks()
    expect(await cutting(schema, 'COMMIT', 1)).toBe('sold')
    expect(await guarded.buyerOf(seat)).toBe('Ada')
  })

  it('whose answer was lost is asked about: what was not committed rejects as the driver says it', async () => {
    const { schema, seat } = await shopWithMarks()
    await expect(cutting(schema, 'ROLLBACK', 1)).rejects.toThrow('the connection was reset')
    expect(await guarded.buyerOf(seat)).toBe(null)
  })

  it('whose answer was lost is unknown when there is no answer about it either', async () => {
    const { schema } = await shopWithMarks()
    await expect(cutting(schema, 'COMMIT', 2)).rejects.toThrow(OutcomeUnknown)
  })

  it('that the database answered with a rollback is none, whatever the library says', async () => {
    const { schema, seat } = await shopWithMarks()
    const sql = postgres(guarded.engine.url, { max: 1 })
    const guard = fence(
      {
        transaction: async (work) => {
          const tx = await sql.reserve()
          try {
            await tx.unsafe('BEGIN')
            const result = await work(tx)
            // As a named statement does that a pooler has sent to another connection.
            await tx.unsafe('EXECUTE nothing_of_this_name').catch(() => undefined)
            await tx.unsafe('COMMIT')
            return result
          } finally {
            tx.release()
          }
        },
      },
      { schema },
    )
    const work = guard.run(lease(33n), (tx) => (tx as postgres.ReservedSql).unsafe(`UPDATE ${seat} SET buyer = 'Ada'`))
    await expect(work).rejects.toThrow(StoreUnavailable)
    expect(await guarded.buyerOf(seat)).toBe(null)
    await sql.end()
  })
})

describe('within', () => {
  it('makes the mark as the first statement of a transaction of the caller, and a rollback takes it along', async () => {
    const { schema, seat } = await guarded.shop()
    const pool = guarded.pool()
    const guard = fence(pool, { schema })
    await guard.enter(lease(33n))
    const client = await pool.connect()
    await client.query('BEGIN')
    await guard.within(lease(35n), client)
    await client.query(`UPDATE ${seat} SET buyer = 'Ada'`)
    await client.query('ROLLBACK')
    await guard.check(lease(34n))
    await client.query('BEGIN')
    await guard.within(lease(35n), client)
    await guard.within(lease(35n), client)
    await client.query('COMMIT')
    client.release()
    await expect(guard.check(lease(34n))).rejects.toThrow(StaleToken)
  })

  it('refuses to guard without a transaction, also over a pool', async () => {
    const { schema } = await guarded.shop()
    const pool = guarded.pool()
    const guard = fence(pool, { schema })
    await guard.enter(lease(33n))
    const client = await pool.connect()
    await expect(guard.within(lease(33n), client)).rejects.toThrow(/BEGIN/)
    client.release()
    await expect(guard.within(lease(33n), pool)).rejects.toThrow(/BEGIN/)
    await expect(guard.within(lease(33n), null as never)).rejects.toThrow(Misuse)
  })

  it('refuses a savepoint, whose rollback alone would undo the mark, and lets one pass below a mark that stands', async () => {
    const { schema } = await guarded.shop()
    const pool = guarded.pool()
    const guard = fence(pool, { schema })
    await guard.enter(lease(33n))
    const client = await pool.connect()
    await client.query('BEGIN; SAVEPOINT nested')
    await expect(guard.within(lease(33n), client)).rejects.toThrow(/nested/)
    await client.query('ROLLBACK')
    await client.query('BEGIN')
    await guard.within(lease(33n), client)
    await client.query('SAVEPOINT nested')
    await guard.within(lease(33n), client)
    await client.query('ROLLBACK')
    client.release()
  })

  it('keeps the limit of waiting that the transaction has set', async () => {
    const { schema } = await guarded.shop()
    const pool = guarded.pool()
    const guard = fence(pool, { schema })
    await guard.enter(lease(33n))
    const client = await pool.connect()
    await client.query("BEGIN; SET LOCAL lock_timeout = '7s'")
    await guard.within(lease(33n), client)
    expect((await client.query('SHOW lock_timeout')).rows).toEqual([{ lock_timeout: '7s' }])
    await client.query('ROLLBACK')
    client.release()
  })

  it('says what to do when the table is missing', async () => {
    const { schema } = await guarded.shop()
    const pool = guarded.pool()
    const client = await pool.connect()
    await client.query('BEGIN')
    await expect(fence(pool, { schema }).within(lease(33n), client)).rejects.toThrow(/call enter\(\) before you BEGIN/)
    await client.query('ROLLBACK')
    client.release()
  })
})
