/**
 * What the guard and the ledger do with transactions of MySQL and MariaDB.
 * @module-tag real-time
 */
import { createPool as createCallbackPool } from 'mysql2'
import type { Pool } from 'mysql2/promise'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { Misuse, OutcomeUnknown, StaleToken, Unsupported, WaitTimeout } from '../../store/errors.ts'
import { fence, fenceTableSql, ledger } from './index.ts'
import { judgePruning } from '../sql/entry-terms.fixture.ts'
import { buyerOf, firstRow, kinds, lease, type Server, Servers } from './servers.fixture.ts'

const servers = new Servers()
afterAll(() => servers[Symbol.asyncDispose]())
const lock = { namespace: 'shop', name: 'seat:14A' }

describe.each(kinds)('on $kind', { timeout: 120_000 }, (each) => {
  let server: Server
  let pool: Pool
  beforeEach(async (context) => {
    server = await servers.of(context, each)
    pool = await servers.shop(server)
  })

  it('run returns what the work returned, hands it the connection, and gives that back', async () => {
    const single = await servers.shop(server, 1)
    const guard = fence(single)
    for (let runs = 0; runs < 3; runs += 1) {
      expect(
        await guard.run(lease(33n), async (tx) => (await tx.query("UPDATE seat SET buyer = 'Ada'"))[0]),
      ).toBeTruthy()
    }
    expect(await buyerOf(single)).toBe('Ada')
  })

  it.each([
    ['committed and goes on', ['COMMIT']],
    ['rolled back and goes on', ['ROLLBACK']],
    ['rolled back and began anew', ['ROLLBACK', 'START TRANSACTION']],
    ['made a table, which commits', ['CREATE TABLE made (id INT)']],
  ])('run says so when the work %s, for then nothing guards what it writes', async (_, ends) => {
    const attempt = fence(pool).run(lease(33n), async (tx) => {
      for (const end of ends) await tx.query(end)
      await tx.query("UPDATE seat SET buyer = 'Ada' WHERE id = '14A'")
    })
    await expect(attempt).rejects.toThrow(/was ended inside the work/)
  })

  it('an error of the work is thrown on, and the connection is as good as before', async () => {
    const single = await servers.shop(server, 1)
    const guard = fence(single)
    const attempt = guard.run(lease(33n), async (tx) => {
      await tx.query("UPDATE seat SET buyer = 'Ada'")
      await tx.query('SELECT * FROM nothing_of_this_name')
    })
    await expect(attempt).rejects.toMatchObject({ code: 'ER_NO_SUCH_TABLE' })
    expect(await buyerOf(single)).toBe(null)
    await guard.enter(lease(33n))
  })

  it('of which the connection is killed rejects with the words of the driver, and the pool goes on', async () => {
    const guard = fence(pool)
    const attempt = guard.run(lease(33n), async (tx) => {
      const { id } = firstRow(await tx.query('SELECT CONNECTION_ID() AS id'))
      await server.person.query(`KILL ${Number(id)}`)
      await tx.query("UPDATE seat SET buyer = 'Ada'")
    })
    await expect(attempt).rejects.toThrow()
    expect(await buyerOf(pool)).toBe(null)
    await guard.run(lease(33n), (tx) => tx.query("UPDATE seat SET buyer = 'Bob'"))
    expect(await buyerOf(pool)).toBe('Bob')
  })

  it('a COMMIT whose answer was lost is unknown', async () => {
    await pool.query(fenceTableSql())
    const guard = fence({
      transaction: async <T>(work: (tx: Awaited<ReturnType<Pool['getConnection']>>) => Promise<T>): Promise<T> => {
        const connection = await pool.getConnection()
        await connection.beginTransaction()
        await work(connection)
        await connection.commit()
        connection.release()
        throw Object.assign(new Error('the connection was reset'), { code: 'ECONNRESET' })
      },
    })
    await expect(guard.run(lease(33n), (tx) => tx.query("UPDATE seat SET buyer = 'Ada'"))).rejects.toThrow(
      OutcomeUnknown,
    )
  })

  it('of a shared lease reads one snapshot and holds up no writer', async () => {
    const guard = fence(pool)
    await guard.enter(lease(33n))
    const seen = await guard.run(lease(34n, 'shared'), async (tx) => {
      await guard.run(lease(35n), (writer) => writer.query("UPDATE seat SET buyer = 'Ada'"))
      return firstRow(await tx.query('SELECT buyer FROM seat'))['buyer']
    })
    expect([seen, await buyerOf(pool)]).toEqual([null, 'Ada'])
  })

  it('within is for the transaction of run, guards a second lock there, and refuses every other', async () => {
    const guard = fence(pool)
    const [first, second] = [lease(33n), lease(44n, 'exclusive', 'other')]
    await guard.enter(first)
    const connection = await pool.getConnection()
    await connection.beginTransaction()
    await expect(guard.within(first, connection)).rejects.toThrow(/transaction of run/)
    await connection.rollback()
    connection.release()
    await expect(guard.run(first, (tx) => guard.within(second, tx))).rejects.toThrow(/has not entered/)
    await guard.enter(second)
    await guard.run(first, (tx) => guard.within(second, tx))
    await guard.enter(lease(45n, 'exclusive', 'other'))
    await expect(guard.run(first, (tx) => guard.within(second, tx))).rejects.toThrow(StaleToken)
    const left = await guard.run(first, async (tx) => tx)
    await expect(guard.within(first, left)).rejects.toThrow(/transaction of run/)
  })

  it('a fence column passes newer and equal tokens, and a stale one changes nothing', async () => {
    const guard = fence(pool)
    const sell = async (holder: ReturnType<typeof lease>, buyer: string): Promise<boolean> => {
      const { set, where } = guard.row(holder)
      const [result] = await pool.query(`UPDATE seat SET buyer = ?, ${set} WHERE id = '14A' AND ${where}`, [buyer])
      return (result as { affectedRows: number }).affectedRows === 1
    }
    expect(await sell(lease(9n), 'Ada')).toBe(true)
    expect(await sell(lease(10n), 'Bob')).toBe(true)
    expect(await sell(lease(10n), 'Cid')).toBe(true)
    expect(await sell(lease(9n), 'Dan')).toBe(false)
    expect(await sell(lease(9n, 'shared'), 'Eve')).toBe(false)
    expect(await sell(lease(12n, 'shared'), 'Fay')).toBe(true)
    expect(await sell(lease(11n), 'Gus')).toBe(true)
    expect(await buyerOf(pool)).toBe('Gus')
  })

  it('another transaction that holds the mark is waited for no longer than the limit', async () => {
    // MySQL has none for one statement, so there it is that of the server.
    if (each.kind === 'MySQL') await pool.query('SET GLOBAL innodb_lock_wait_timeout = 1')
    const hasty = await servers.shop(server)
    const guard = fence(hasty, { wait: '1s' })
    await guard.run(lease(33n), async () => {
      await expect(guard.enter(lease(34n))).rejects.toThrow(WaitTimeout)
    })
    await guard.enter(lease(34n))
  })

  it('the ledger keeps the value of the newest holder, exactly, whatever the connection makes of text', async () => {
    const book = ledger(pool)
    expect(await book.get(lock)).toBe(null)
    const token = BigInt(Date.now()) * 1000n
    const value = `{"ticks":1} ' \\ $1 ? :a %s é 🔒 \u2028\n\t"`
    await book.put(lease(token), value)
    expect(await book.get(lock)).toEqual({ value, token })
    await book.put(lease(token), '')
    expect(await book.get(lock)).toEqual({ value: '', token })
    expect(await book.get({ ...lock, name: 'Seat:14A' })).toBe(null)
    expect(await book.enter(lease(token + 1n))).toEqual({ value: '', token })
    await expect(book.put(lease(token), 'late')).rejects.toThrow(StaleToken)
    await expect(book.put(lease(token + 2n, 'shared'), 'reader')).rejects.toThrow(Unsupported)
    await book.put(lease(token + 1n), 'x'.repeat(65_536))
  })

  it('the ledger removes what was to be kept for so long a day after that, with its mark, and nothing else', async () => {
    expect(await ledger(pool).prune()).toBe(0)
    await judgePruning((clock) => ledger(pool, { clock }))
  })

  it('an effect and its outcome are there together or not at all', async () => {
    const [guard, book] = [fence(pool), ledger(pool)]
    await book.put(lease(33n), 'begun')
    const sell = async (fails: boolean): Promise<void> =>
      await guard.run(lease(33n), async (tx) => {
        await tx.query("UPDATE seat SET buyer = 'Ada'")
        await book.put(lease(33n), 'sold', tx)
        if (fails) throw new Error('no')
      })
    await expect(sell(true)).rejects.toThrow('no')
    expect([(await book.get(lock))?.value, await buyerOf(pool)]).toEqual(['begun', null])
    await sell(false)
    expect([(await book.get(lock))?.value, await buyerOf(pool)]).toEqual(['sold', 'Ada'])
  })

  it('takes a pool of promises, and no single connection, which may stand in a transaction', async () => {
    const callbacks = createCallbackPool({ uri: server.engine.url })
    expect(() => fence(callbacks as never)).toThrow(/mysql2\/promise/)
    callbacks.end()
    const connection = await pool.getConnection()
    expect(() => fence(connection as never)).toThrow(Misuse)
    connection.release()
  })
})
