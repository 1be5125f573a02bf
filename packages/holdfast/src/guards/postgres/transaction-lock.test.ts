/**
 * A lock inside a transaction of PostgreSQL.
 * @module-tag real-time
 */
import * as server from '@holdfast/testbed/engines/postgres/driver'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import type { Pool, PoolClient } from 'pg'
import { afterAll, beforeEach, expect, it } from 'vitest'
import { WaitTimeout } from '../../store/errors.ts'
import { Guarded } from './guarded.fixture.ts'
import { lockInTransaction, lockTableSql } from './index.ts'
import { someoneWaits } from './register.fixture.ts'

const guarded = new Guarded()
let pool: Pool

beforeEach(async (context) => {
  await requireEngine(context, server)
  await guarded.start()
  pool ??= guarded.pool({ max: 40 })
  await pool.query(lockTableSql())
})
afterAll(() => guarded[Symbol.asyncDispose]())

async function inTransaction<T>(work: (client: PoolClient) => Promise<T>, begin = 'BEGIN'): Promise<T> {
  const client = await pool.connect()
  try {
    await client.query(begin)
    const result = await work(client)
    await client.query('COMMIT')
    return result
  } catch (error) {
    await client.query('ROLLBACK')
    throw error
  } finally {
    client.release()
  }
}

it('lets one transaction after the other read and write: thirty at once lose no update, on a name never used before', async () => {
  await pool.query('CREATE TABLE counter (value int); INSERT INTO counter VALUES (0)')
  const count = (locks: boolean): Promise<void> =>
    inTransaction(async (client) => {
      if (locks) await lockInTransaction(client, 'counter')
      const { rows } = await client.query<{ value: number }>('SELECT value FROM counter')
      await client.query('UPDATE counter SET value = $1', [(rows[0]?.value ?? 0) + 1])
    })
  await Promise.all(Array.from({ length: 30 }, () => count(true)))
  expect((await pool.query('SELECT value FROM counter')).rows).toEqual([{ value: 30 }])
  await Promise.all(Array.from({ length: 30 }, () => count(false)))
  const { rows } = await pool.query<{ value: number }>('SELECT value FROM counter')
  expect(rows[0]?.value).toBeLessThan(60)
})

it.each(['COMMIT', 'ROLLBACK'])('is held until %s, and no longer', async (end) => {
  const client = await pool.connect()
  await client.query('BEGIN')
  await lockInTransaction(client, 'held')
  const other = inTransaction((second) => lockInTransaction(second, 'held'))
  await someoneWaits(guarded.person)
  await client.query(end)
  await other
  client.release()
})

it('takes names as they are: none stands for another', async () => {
  await inTransaction(async (client) => {
    await lockInTransaction(client, 'seat')
    for (const name of ['Seat', 'seat ', 'seat\n', 'séat', 'se%61t']) {
      await inTransaction((other) => lockInTransaction(other, name, { wait: '1s' }))
    }
    await inTransaction((other) => lockInTransaction(other, 'seat', { wait: '1s', namespace: 'other' }))
  })
})

it('waits no longer than told, and leaves the limit of the transaction as it was', async () => {
  await inTransaction(async (client) => {
    await lockInTransaction(client, 'busy')
    const attempt = inTransaction((other) => lockInTransaction(other, 'busy', { wait: '200ms' }))
    await expect(attempt).rejects.toThrow(WaitTimeout)
    await expect(attempt).rejects.toThrow(/200ms/)
    await lockInTransaction(client, 'busy')
    expect((await client.query('SHOW lock_timeout')).rows).toEqual([{ lock_timeout: '0' }])
  })
})

it('refuses to lock without a transaction, where the lock would end with the statement', async () => {
  const client = await pool.connect()
  await expect(lockInTransaction(client, 'alone')).rejects.toThrow(/BEGIN/)
  client.release()
  await expect(lockInTransaction(pool, 'alone')).rejects.toThrow(/BEGIN/)
})

it.each(['REPEATABLE READ', 'SERIALIZABLE'])(
  'refuses %s, which would read what was there before the wait',
  async (level) => {
    const attempt = inTransaction((client) => lockInTransaction(client, 'old'), `BEGIN ISOLATION LEVEL ${level}`)
    await expect(attempt).rejects.toThrow(`this transaction is ${level}`)
  },
)

it('goes with the nested transaction in which it was taken', async () => {
  await inTransaction(async (client) => {
    await client.query('SAVEPOINT nested')
    await lockInTransaction(client, 'nested')
    await client.query('ROLLBACK TO nested')
    await inTransaction((other) => lockInTransaction(other, 'nested', { wait: '1s' }))
  })
})

it('says how to make the table', async () => {
  const attempt = inTransaction((client) => lockInTransaction(client, 'lost', { table: 'never_made' }))
  await expect(attempt).rejects.toThrow(/run "CREATE TABLE IF NOT EXISTS .*never_made/)
})

it('passes a deadlock on as the database says it', async () => {
  const attempts = await inTransaction(async (client) => {
    await lockInTransaction(client, 'one')
    const other = inTransaction(async (second) => {
      await lockInTransaction(second, 'two')
      await lockInTransaction(second, 'one')
    })
    await someoneWaits(guarded.person)
    return await Promise.allSettled([other, lockInTransaction(client, 'two')])
  }).catch((error: unknown) => error)
  const codes = JSON.stringify(
    attempts,
    (_, value: unknown) => (value instanceof Error ? Reflect.get(value, 'code') : value) as unknown,
  )
  expect(codes).toContain('40P01')
})
