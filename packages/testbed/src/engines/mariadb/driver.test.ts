/**
 * The servers of this family: MariaDB of Debian stable, MySQL of a later suite.
 * @module-tag real-time
 */
import { createConnection } from 'mysql2/promise'
import { beforeEach, describe, expect, test } from 'vitest'
import { requireEngine } from '../require-engine.ts'
import * as mysql from '../mysql/driver.ts'
import * as mariadb from './driver.ts'

async function ask(url: string, sql: string): Promise<unknown> {
  const connection = await createConnection(url)
  try {
    return (await connection.query({ sql, rowsAsArray: true }))[0]
  } finally {
    connection.destroy()
  }
}

const servers = [
  { driver: mariadb, release: 'stable', name: /^mariadb 10\.\d+/ },
  { driver: mysql, release: 'newer', name: /^mysql \d+\.\d+/ },
] as const

describe.each(servers)('one $driver.engineName', { timeout: 120_000 }, ({ driver, release, name }) => {
  beforeEach(async (context) => {
    await requireEngine(context, driver, release)
  })

  test('listens on 127.0.0.1 only, keeps what it committed through kill -9, and its port through a restart', async () => {
    await using engine = await driver.start({ release })
    expect(engine.name).toMatch(name)
    expect(await ask(engine.url, 'SELECT @@bind_address, DATABASE()')).toEqual([['127.0.0.1', 'locks']])
    await ask(engine.url, 'CREATE TABLE kept AS SELECT 1 AS one')
    await engine.kill()
    expect(engine.state).toBe('down')
    await engine.restart()
    expect(await ask(engine.url, 'SELECT one FROM kept')).toEqual([[1]])
    await engine.wipe()
    await expect(ask(engine.url, 'SELECT one FROM kept')).rejects.toMatchObject({ code: 'ER_NO_SUCH_TABLE' })
    await engine.stop()
  })

  test('a paused server is silent, and answers when it goes on', async () => {
    await using engine = await driver.start({ release })
    await engine.pause()
    await expect(driver.ping(engine.url)).rejects.toThrow('no greeting came')
    await engine.resume()
    await driver.ping(engine.url)
  })
})
