/**
 * What the command does on MySQL and MariaDB alone: its URLs, its statements, its tokens, and what its doctor finds.
 * @module-tag real-time
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Engine } from '@holdfast/testbed/engines/engine'
import * as mariadb from '@holdfast/testbed/engines/mariadb/server'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { createConnection } from 'mysql2/promise'
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { documentsIn, levelsOf, Sandbox } from './fixture.ts'

// Only a failing test takes so long.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const folder = mkdtempSync(join(tmpdir(), 'holdfast-'))
const socket = join(folder, 'socket')
let sandbox: Sandbox
let engine: Engine

beforeEach(async (context) => {
  sandbox = new Sandbox()
  await requireEngine(context, mariadb)
  engine ??= await mariadb.start({ config: { ...DURABLE, socket } })
})
afterEach(() => sandbox.close())
afterAll(async () => {
  await engine?.close()
  rmSync(folder, { recursive: true, force: true })
})

const DURABLE = { 'innodb-flush-log-at-trx-commit': '1', 'sync-binlog': '1' }

async function ask(text: string): Promise<void> {
  const connection = await createConnection({ uri: engine.url, multipleStatements: true })
  await connection.query(text)
  await connection.end()
}

it('takes its turns, shows them, and names the server by a URL that begins with mariadb:', async () => {
  const { code, stdout, stderr } = await sandbox.run(
    ['run', '--note', 'night shift', 'job', '--', 'sh', '-c', '$CLI inspect job --json'],
    { HOLDFAST_STORE: engine.url.replace(/^\w+:/, 'mariadb:') },
  )
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(documentsIn(stdout)).toMatchObject([{ name: 'job', claims: [{ state: 'held', note: 'night shift' }] }])
})

it('is reached by a socket of this machine, whatever the port of the URL', async () => {
  const url = new URL(engine.url)
  url.port = '1'
  url.searchParams.set('socketPath', socket)
  const { code, stdout, stderr } = await sandbox.run(['run', 'job', '--', 'echo', 'ran'], { HOLDFAST_STORE: url.href })
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'ran\n', stderr: '' })
})

it('the password of a URL is in no output', async () => {
  const url = `mysql://root:s3cret@127.0.0.1:${engine.port}/locks`
  for (const call of ['ls', 'doctor']) {
    const { code, stdout, stderr } = await sandbox.run([call], { HOLDFAST_STORE: url })
    expect(code).toBe(69)
    expect(stderr).toContain('refused the user or the password')
    expect(stdout + stderr).not.toContain('s3cret')
  }
})

it('schema prints statements that make the tables in a database, also twice', async () => {
  const { code, stdout } = await sandbox.run(['schema', 'mysql', '--schema', 'by `person`', '--table', 'l'])
  expect(code).toBe(0)
  await ask('CREATE DATABASE `by ``person```')
  for (let times = 0; times < 2; times += 1) await ask(stdout)
  await ask('SELECT resource FROM `by ``person```.l_waiters')
})

it('rebase shows how high the tokens are, and moves them', async () => {
  const over = (...args: readonly string[]): ReturnType<Sandbox['run']> =>
    sandbox.run(args, { HOLDFAST_STORE: engine.url })
  const token = BigInt((await over('run', 'job', '--', 'sh', '-c', 'echo $HOLDFAST_TOKEN')).stdout)
  expect((await over('rebase')).stdout).toContain(`highest token: ${token} `)
  const to = token + 3_600_000_000n
  expect(await over('rebase', '--to', String(to), '--yes')).toMatchObject({
    code: 0,
    stdout: `the next token of every lock comes behind ${to}\n`,
  })
  const next = await over('run', 'other', '--', 'sh', '-c', 'echo $HOLDFAST_TOKEN')
  expect(BigInt(next.stdout)).toBe(to + 1n)
})

describe('doctor', () => {
  it('finds a server in order, and asks it all that matters', async () => {
    await sandbox.run(['ls'], { HOLDFAST_STORE: engine.url })
    const { code, findings } = await sandbox.doctor(engine.url)
    expect(code).toBe(0)
    const levels = levelsOf({ findings })
    const own = ['version', 'role', 'commit', 'isolation', 'autocommit', 'timeouts', 'connections', 'server-clock']
    for (const check of [...own, 'table', 'rights', 'class']) expect([check, levels[check]]).toEqual([check, 'ok'])
  })

  it('names what makes a grant worth less, and what keeps it from being one', async () => {
    await ask(`SET GLOBAL innodb_flush_log_at_trx_commit = 2; SET GLOBAL wait_timeout = 20;
      SET GLOBAL TRANSACTION ISOLATION LEVEL READ UNCOMMITTED; SET GLOBAL autocommit = 0`)
    const report = await sandbox.doctor(engine.url)
    await ask(`SET GLOBAL innodb_flush_log_at_trx_commit = 1; SET GLOBAL wait_timeout = DEFAULT;
      SET GLOBAL TRANSACTION ISOLATION LEVEL REPEATABLE READ; SET GLOBAL autocommit = 1`)
    expect(levelsOf(report)).toMatchObject({
      commit: 'note',
      timeouts: 'note',
      isolation: 'problem',
      autocommit: 'problem',
      class: 'note',
    })
  })

  it('says what it found out also where the store cannot be used: no writes, a table of another engine, rights too few', async () => {
    await sandbox.run(['ls'], { HOLDFAST_STORE: engine.url })
    await ask(`CREATE USER reader@'%'; GRANT SELECT ON locks.holdfast_lines TO reader@'%';
      GRANT SELECT, INSERT, UPDATE ON locks.holdfast_lines_waiters TO reader@'%'`)
    const poor = await sandbox.doctor(engine.url.replace('root@', 'reader@'))
    expect(poor.findings).toContainEqual(
      expect.objectContaining({ check: 'rights', seen: 'no INSERT, UPDATE, DELETE on the table of waiters' }),
    )
    await ask('SET GLOBAL read_only = 1; ALTER TABLE locks.holdfast_lines ENGINE=Aria')
    const refused = await sandbox.doctor(engine.url)
    await ask('SET GLOBAL read_only = 0; ALTER TABLE locks.holdfast_lines ENGINE=InnoDB')
    expect(refused).toMatchObject({ code: 69, facts: null })
    expect(levelsOf(refused)).toMatchObject({ open: 'problem', role: 'problem', table: 'problem', rights: 'ok' })
  })
})
