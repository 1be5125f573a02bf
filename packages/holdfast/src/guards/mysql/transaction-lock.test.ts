/**
 * A lock inside a transaction of MySQL and MariaDB.
 * @module-tag real-time
 */
import type { Pool, PoolConnection } from 'mysql2/promise'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { WaitTimeout } from '../../store/errors.ts'
import { lockInTransaction, lockTableSql } from './index.ts'
import { someoneWaits } from './register.fixture.ts'
import { firstRow, kinds, type Server, Servers } from './servers.fixture.ts'

const servers = new Servers()
afterAll(() => servers[Symbol.asyncDispose]())

describe.each(kinds)('on $kind', { timeout: 120_000 }, (each) => {
  let server: Server
  let pool: Pool
  beforeEach(async (context) => {
    server = await servers.of(context, each)
    pool = await servers.shop(server)
    await pool.query(lockTableSql())
  })

  async function inTransaction<T>(work: (connection: PoolConnection) => Promise<T>): Promise<T> {
    const connection = await pool.getConnection()
    try {
      await connection.beginTransaction()
      const result = await work(connection)
      await connection.commit()
      return result
    } catch (error) {
      await connection.rollback()
      throw error
    } finally {
      connection.release()
    }
  }

  it('lets one transaction after the other read and write: thirty at once lose no update, on a name never used before', async () => {
    await pool.query('CREATE TABLE counter (value INT) ENGINE=InnoDB')
    await pool.query('INSERT INTO counter VALUES (0)')
    const valueOf = async (connection: Pick<Pool, 'query'>): Promise<number> =>
      Number(firstRow(await connection.query('SELECT value FROM counter'))['value'])
    const count = (locks: boolean): Promise<void> =>
      inTransaction(async (connection) => {
        if (locks) await lockInTransaction(connection, 'counter')
        const value = await valueOf(connection)
        await connection.query('UPDATE counter SET value = ?', [value + 1])
      })
    await Promise.all(Array.from({ length: 30 }, () => count(true)))
    expect(await valueOf(pool)).toBe(30)
    await Promise.all(Array.from({ length: 30 }, () => count(false)))
    expect(await valueOf(pool)).toBeLessThan(60)
  })

  it.each(['COMMIT', 'ROLLBACK'])('is held until %s, and no longer', async (end) => {
    await inTransaction((connection) => lockInTransaction(connection, 'held'))
    const connection = await pool.getConnection()
    await connection.beginTransaction()
    await lockInTransaction(connection, 'held')
    const other = inTransaction((second) => lockInTransaction(second, 'held'))
    await someoneWaits(server.person)
    await connection.query(end)
    await other
    connection.release()
  })

  it('takes names as they are: none stands for another', async () => {
    const names = ['Seat', 'seat ', 'seat\n', 'séat', 'se%61t']
    // A row that is new has a gap before it, which is locked as well until the row is committed.
    for (const name of ['seat', ...names]) await inTransaction((connection) => lockInTransaction(connection, name))
    await inTransaction(async (connection) => {
      await lockInTransaction(connection, 'seat')
      for (const name of names) await inTransaction((other) => lockInTransaction(other, name, { wait: '1s' }))
      await inTransaction((other) => lockInTransaction(other, 'seat', { wait: '1s', namespace: 'other' }))
    })
  })

  it('waits no longer than the limit', async () => {
    // MySQL has none for one statement, so there it is that of the session.
    const hasty = each.kind === 'MySQL' ? 'SET SESSION innodb_lock_wait_timeout = 1' : 'SELECT 1'
    await inTransaction(async (connection) => {
      await lockInTransaction(connection, 'busy')
      const attempt = inTransaction(async (other) => {
        await other.query(hasty)
        await lockInTransaction(other, 'busy', { wait: '1s' })
      })
      await expect(attempt).rejects.toThrow(WaitTimeout)
    })
  })

  it('refuses to lock without a transaction, where the lock would end with the statement', async () => {
    const connection = await pool.getConnection()
    await expect(lockInTransaction(connection, 'alone')).rejects.toThrow(/BEGIN/)
    connection.release()
    await expect(lockInTransaction(pool, 'alone')).rejects.toThrow(/BEGIN/)
  })

  it('says how to make the table', async () => {
    const attempt = inTransaction((connection) => lockInTransaction(connection, 'lost', { table: 'never_made' }))
    await expect(attempt).rejects.toThrow(/run "CREATE TABLE IF NOT EXISTS .*never_made/)
  })
})
