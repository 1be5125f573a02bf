/** @module-tag real-time */
import { dirname, join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { run } from '../command.ts'
import { requireEngine } from '../require-engine.ts'
import * as postgres from './driver.ts'

beforeEach(async (context) => {
  await requireEngine(context, postgres)
})

async function ask(url: string, sql: string): Promise<string> {
  const [program] = (await postgres.locate()).command
  const answer = await run(join(dirname(program), 'psql'), ['-XAtc', sql, url], { withinMs: 20_000, cwd: '/' })
  return answer.trim()
}

describe('one PostgreSQL', { timeout: 60_000 }, () => {
  test('listens on 127.0.0.1 only, keeps what it committed through kill -9, and its port through a restart', async () => {
    await using engine = await postgres.start()
    expect(engine.name).toMatch(/^postgres \d+\.\d+/)
    expect(await ask(engine.url, 'SHOW listen_addresses')).toBe('127.0.0.1')
    await ask(engine.url, 'CREATE TABLE kept AS SELECT 1 AS one')
    await engine.kill()
    expect(engine.state).toBe('down')
    await engine.restart()
    expect(await ask(engine.url, 'SELECT one FROM kept')).toBe('1')
  })

  test('a stop does not wait for clients', async () => {
    await using engine = await postgres.start()
    const sleeping = ask(engine.url, 'SELECT pg_sleep(60)').catch((error: unknown) => String(error))
    await expect
      .poll(() => ask(engine.url, "SELECT count(*) FROM pg_stat_activity WHERE query ~ '^SELECT pg_sleep'"))
      .toBe('1')
    await engine.stop()
    expect(await sleeping).toContain('terminating connection')
  })

  test('a paused server is silent in every one of its processes, and answers when it goes on', async () => {
    await using engine = await postgres.start()
    let isAnswered = false
    const slept = ask(engine.url, 'SELECT pg_sleep(0.3)').finally(() => (isAnswered = true))
    await expect
      .poll(() => ask(engine.url, "SELECT count(*) FROM pg_stat_activity WHERE query ~ '^SELECT pg_sleep'"))
      .toBe('1')
    await engine.pause()
    await new Promise((resolve) => setTimeout(resolve, 600))
    expect(isAnswered).toBe(false)
    await engine.resume()
    await slept
  })

  test('a wipe takes its data, and waits for the disk only when asked', async () => {
    await using engine = await postgres.start({ fsync: true, config: { work_mem: '5MB' } })
    expect(await ask(engine.url, "SELECT current_setting('fsync') || current_setting('work_mem')")).toBe('on5MB')
    await ask(engine.url, 'CREATE TABLE kept AS SELECT 1')
    await engine.wipe()
    expect(await ask(engine.url, "SELECT to_regclass('kept') IS NULL")).toBe('t')
  })

  test('a standby follows its primary and takes no writes', async () => {
    await using primary = await postgres.start()
    await using standby = await postgres.start({ standbyOf: primary })
    await ask(primary.url, 'CREATE TABLE kept AS SELECT 1')
    await expect.poll(() => ask(standby.url, "SELECT to_regclass('kept') IS NOT NULL"), { timeout: 10_000 }).toBe('t')
    await expect(ask(standby.url, 'DROP TABLE kept')).rejects.toThrow('read-only')
  })
})
