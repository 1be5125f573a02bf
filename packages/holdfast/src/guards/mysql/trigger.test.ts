/**
 * The triggers of MySQL and MariaDB for writers that forgot the guard.
 * @module-tag real-time
 */
import type { Pool } from 'mysql2/promise'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { Misuse } from '../../store/errors.ts'
import { fence, fenceTriggerSql, type MysqlTriggerOptions } from './index.ts'
import { kinds, lease, type Server, Servers } from './servers.fixture.ts'

const servers = new Servers()
afterAll(() => servers[Symbol.asyncDispose]())

const FORGOTTEN = expect.objectContaining({ sqlState: '45000', message: expect.stringContaining('without its lock') })
const CHANGES = {
  INSERT: "INSERT INTO seat (id) VALUES ('14C')",
  UPDATE: "UPDATE seat SET buyer = 'late' WHERE id = '14A'",
  DELETE: "DELETE FROM seat WHERE id = '14A'",
} as const

describe.each(kinds)('on $kind', { timeout: 120_000 }, (each) => {
  let server: Server
  beforeEach(async (context) => {
    server = await servers.of(context, each)
  })

  async function triggered(lock: Omit<MysqlTriggerOptions, 'namespace'>, connectionLimit = 10): Promise<Pool> {
    const pool = await servers.shop(server, connectionLimit)
    for (let times = 0; times < 2; times += 1) {
      for (const text of fenceTriggerSql('seat', { namespace: 'shop', ...lock })) await pool.query(text)
    }
    return pool
  }

  it.each(Object.entries(CHANGES))('refuse a forgotten %s, whatever the locks are over', async (_, text) => {
    for (const lock of [{ name: 'seats' }, { name: 'seat:', column: 'id' }]) {
      const pool = await triggered(lock)
      await expect(pool.query(text)).rejects.toEqual(FORGOTTEN)
      expect((await pool.query('SELECT * FROM seat'))[0]).toHaveLength(2)
    }
  })

  it('let everything pass that run has let pass, and nothing later on the same connection', async () => {
    const pool = await triggered({ name: 'seats' }, 1)
    const [guard, whole] = [fence(pool, { triggers: true }), lease(33n, 'exclusive', 'seats')]
    await guard.enter(whole)
    await expect(pool.query(CHANGES.UPDATE)).rejects.toEqual(FORGOTTEN)
    await guard.run(whole, async (tx) => {
      for (const text of Object.values(CHANGES)) await tx.query(text)
    })
    await expect(pool.query(CHANGES.INSERT.replace('14C', '14D'))).rejects.toEqual(FORGOTTEN)
    await expect(guard.run(whole, async () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    await expect(pool.query(CHANGES.INSERT.replace('14C', '14D'))).rejects.toEqual(FORGOTTEN)
  })

  it('want the lock of each row, and of both when a row goes from one to the other', async () => {
    const pool = await triggered({ name: 'seat:', column: 'id' })
    const guard = fence(pool, { triggers: true })
    await guard.run(lease(33n), (tx) => tx.query(CHANGES.UPDATE))
    const other = guard.run(lease(33n), (tx) => tx.query("UPDATE seat SET buyer = 'Ada' WHERE id = '14B'"))
    await expect(other).rejects.toEqual(FORGOTTEN)
    const moved = "UPDATE seat SET id = '14C' WHERE id = '14A'"
    const target = lease(33n, 'exclusive', 'seat:14C')
    await expect(guard.run(lease(33n), (tx) => tx.query(moved))).rejects.toEqual(FORGOTTEN)
    await expect(guard.run(target, (tx) => tx.query(moved))).rejects.toEqual(FORGOTTEN)
    await guard.enter(target)
    await guard.run(lease(33n), async (tx) => {
      await guard.within(target, tx)
      await tx.query(moved)
    })
  })

  it.each(['Ärger/2', '100%', 'a,b', '🔒', "o'clock"])('find the lock of the row %j', async (id) => {
    const pool = await triggered({ name: 'seat:', column: 'id' })
    const own = lease(33n, 'exclusive', `seat:${id}`)
    await fence(pool, { triggers: true }).run(own, (tx) => tx.query('INSERT INTO seat (id) VALUES (?)', [id]))
    await expect(pool.query('DELETE FROM seat WHERE id = ?', [id])).rejects.toEqual(FORGOTTEN)
  })

  it('let nothing pass for a reader', async () => {
    const pool = await triggered({ name: 'seats' })
    const reader = lease(33n, 'shared', 'seats')
    const attempt = fence(pool, { triggers: true }).run(reader, (tx) => tx.query(CHANGES.UPDATE))
    await expect(attempt).rejects.toEqual(FORGOTTEN)
  })
})

it('take plain names alone', () => {
  expect(() => fenceTriggerSql('seat`; --', { name: 'seats' })).toThrow(Misuse)
  expect(() => fenceTriggerSql('seat', { name: 'seats', column: 'id`' })).toThrow(Misuse)
  expect(() => fenceTriggerSql('s'.repeat(60), { name: 'seats' })).toThrow(Misuse)
})
