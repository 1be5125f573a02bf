/**
 * What the command does on PostgreSQL alone: its URLs, its passwords, its statements, its tokens, and what its doctor finds.
 * @module-tag real-time
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '@holdfast/testbed/engines/command'
import type { Engine } from '@holdfast/testbed/engines/engine'
import * as postgres from '@holdfast/testbed/engines/postgres/server'
import * as pooler from '@holdfast/testbed/engines/pgbouncer/server'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { Client } from 'pg'
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { documentsIn, type Ended, levelsOf, Sandbox } from './fixture.ts'

// Only a failing test takes so long.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const PASSWORD = 'pass/word 1'
const socketFolder = mkdtempSync(join(tmpdir(), 'holdfast-'))
const engines: Engine[] = []
let sandbox: Sandbox
let engine: Engine

beforeEach(async (context) => {
  await requireEngine(context, postgres)
  sandbox = new Sandbox()
  engine ??= await started({
    fsync: true,
    config: { unix_socket_directories: socketFolder },
    access: ['host all postgres 127.0.0.1/32 trust', 'local all all scram-sha-256', 'host all all all scram-sha-256'],
  })
})
afterEach(() => sandbox?.close())
afterAll(async () => {
  for (const each of engines) await each.close()
  rmSync(socketFolder, { recursive: true, force: true })
})

async function started(options: postgres.PostgresOptions): Promise<Engine> {
  await run('chmod', ['0777', socketFolder], { withinMs: 5_000 })
  const made = await postgres.start(options)
  engines.push(made)
  await ask(made, `CREATE ROLE app LOGIN PASSWORD '${PASSWORD}'; GRANT CREATE ON DATABASE postgres TO app`).catch(
    () => {},
  )
  return made
}

async function ask({ url }: Pick<Engine, 'url'>, text: string): Promise<void> {
  const client = new Client(url)
  await client.connect()
  try {
    await client.query(text)
  } finally {
    await client.end()
  }
}

const over = (url: string, args: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<Ended> =>
  sandbox.run(args, { HOLDFAST_STORE: url, ...more })

describe('a URL', () => {
  it('may name a folder with a socket, settings and the table, and leave the password to PGPASSWORD', async () => {
    const names = 'holdfast_schema=by%20socket'
    const settings = `host=${socketFolder}&port=${engine.port}&user=app&sslmode=disable&options=-c%20lock_timeout%3D2s`
    const url = `postgres:///postgres?${settings}&${names}`
    const held = await over(url, ['run', 'job', '--', 'sh', '-c', '$CLI inspect job --json'], { PGPASSWORD: PASSWORD })
    expect({ code: held.code, stderr: held.stderr }).toEqual({ code: 0, stderr: '' })
    expect(documentsIn(held.stdout)).toMatchObject([{ name: 'job', claims: [{ state: 'held' }] }])
    await ask(engine, 'SELECT FROM "by socket".lines')
  })

  it('shows its password in no output, and neither does PGPASSWORD', async () => {
    const wrong = 'wr0ng-s3cret'
    const at = `127.0.0.1:${engine.port}/postgres`
    const calls = [
      over(`postgres://app:${wrong}@${at}`, ['ls']),
      over(`postgres://app:${wrong}@${at}`, ['doctor']),
      over(`postgres://app:${wrong}@${at}`, ['run', '--json', '--wait', '0s', 'job', '--', 'true']),
      over(`postgres://app@${at}?password=${wrong}`, ['watch', '--once']),
      over(`postgres://app@${at}`, ['ls'], { PGPASSWORD: wrong }),
    ]
    for (const { code, stdout, stderr } of await Promise.all(calls)) {
      expect(code).toBe(69)
      expect(stderr).toMatch(/password authentication failed for user \\?"app/)
      expect(stdout + stderr).not.toContain(wrong)
    }
    // Also where it was let in, and the word is the name of a lock.
    const named = await over(engine.url, ['inspect', wrong], { PGPASSWORD: wrong })
    expect(named).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\*\*\* in namespace default/) as string })
  })

  it('that chooses the table twice, or a word that is no engine, is wrong usage', async () => {
    const twice = await over(`${engine.url}?holdfast_table=a&holdfast_table=b`, ['ls'])
    expect(twice).toMatchObject({ code: 2, stderr: expect.stringContaining('chosen twice') as string })
    expect(await over(engine.url, ['schema', 'oracle'])).toMatchObject({ code: 2, stdout: '' })
  })
})

it('schema prints statements that make the table for another user, also twice', async () => {
  const { code, stdout } = await over('', ['schema', 'postgres', '--schema', 'by "person"', '--table', 'l'])
  expect(code).toBe(0)
  for (let times = 0; times < 2; times += 1) await ask(engine, stdout)
  await ask(
    engine,
    'GRANT USAGE ON SCHEMA "by ""person""" TO app; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "by ""person""" TO app',
  )
  const names = 'holdfast_schema=by%20%22person%22&holdfast_table=l'
  const url = `postgres://app:${encodeURIComponent(PASSWORD)}@127.0.0.1:${engine.port}/postgres?${names}`
  expect(await over(url, ['run', 'job', '--', 'true'])).toMatchObject({ code: 0, stderr: '' })
  expect(documentsIn((await over('', ['schema', 'postgres', '--json'])).stdout)).toMatchObject([
    { engine: 'postgres', statements: expect.stringContaining('CREATE TABLE') as string },
  ])
})

it('rebase shows how high the tokens are, and moves them', async () => {
  const url = `${engine.url}?holdfast_schema=rebased`
  const token = BigInt((await over(url, ['run', 'job', '--', 'sh', '-c', 'echo $HOLDFAST_TOKEN'])).stdout)
  expect((await over(url, ['rebase'])).stdout).toContain(`highest token: ${token} `)
  const to = token + 3_600_000_000n
  expect(await over(url, ['rebase', '--to', String(to), '--yes'])).toMatchObject({
    code: 0,
    stdout: `the next token of every lock comes behind ${to}\n`,
  })
  const next = await over(url, ['run', 'other', '--', 'sh', '-c', 'echo $HOLDFAST_TOKEN'])
  expect(BigInt(next.stdout)).toBe(to + 1n)
})

describe('doctor', () => {
  it('finds a server in order, and asks it all that matters', async () => {
    await over(engine.url, ['run', 'job', '--', 'true'])
    const { code, findings } = await sandbox.doctor(engine.url)
    expect(code).toBe(0)
    const own = ['version', 'role', 'commit', 'isolation', 'timeouts', 'connections', 'pooler', 'server-clock', 'table']
    const levels = levelsOf({ findings })
    for (const check of [...own, 'rights', 'bloat', 'class']) expect([check, levels[check]]).toEqual([check, 'ok'])
  })

  it('names what makes a commit worth less, and what makes it dear', async () => {
    const hasty = `${engine.url}?holdfast_schema=hasty&options=${encodeURIComponent(
      '-c synchronous_commit=off -c default_transaction_isolation=serializable -c lock_timeout=100',
    )}`
    await over(hasty, ['ls'])
    await ask(engine, 'ALTER TABLE hasty.lines SET UNLOGGED')
    const report = await sandbox.doctor(hasty)
    expect(levelsOf(report)).toMatchObject({
      commit: 'note',
      isolation: 'note',
      timeouts: 'note',
      table: 'note',
      class: 'note',
    })
  })

  it('finds dead rows that vacuum does not take away, and who may keep them', async () => {
    const url = `${engine.url}?holdfast_schema=bloated`
    await over(url, ['run', 'job', '--', 'true'])
    const sleeper = new Client(engine.url)
    await sleeper.connect()
    await sleeper.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1')
    await ask(engine, 'ALTER TABLE bloated.lines SET (autovacuum_enabled = off)')
    const worker = new Client(engine.url)
    await worker.connect()
    await worker.query(
      `DO $$ BEGIN FOR i IN 1..12000 LOOP UPDATE bloated.lines SET version = version + 1; END LOOP; END $$`,
    )
    await worker.end()
    await expect
      .poll(async () => (await sandbox.doctor(url)).findings.find(({ check }) => check === 'bloat'), {
        timeout: 30_000,
      })
      .toMatchObject({ level: 'note', advice: expect.stringMatching(/VACUUM.*A transaction stands idle/) as string })
    await sleeper.end()
  })

  it('says what it found out also where the store cannot be opened: a standby, and a right too few', async () => {
    const plain = await started({})
    await over(plain.url, ['ls'])
    const standby = await started({ standbyOf: plain })
    const refused = await sandbox.doctor(standby.url)
    expect(refused).toMatchObject({ code: 69, facts: null })
    expect(levelsOf(refused)).toMatchObject({ open: 'problem', role: 'problem', rights: 'ok' })
    await ask(
      plain,
      'CREATE ROLE reader LOGIN; GRANT USAGE ON SCHEMA holdfast TO reader; GRANT SELECT ON holdfast.lines TO reader',
    )
    const poor = await over(plain.url.replace('postgres@', 'reader@'), ['doctor'])
    expect(poor).toMatchObject({
      code: 69,
      stdout: expect.stringMatching(/PROBLEM +rights +no INSERT, UPDATE/) as string,
    })
    expect(poor.stderr).toMatch(/does not allow this user to INSERT, UPDATE.*Asking again does not help/)
  })

  it('notices a pooler that makes LISTEN deaf', async (context) => {
    await requireEngine(context, pooler)
    const behind = await started({})
    const bouncer = await pooler.start({ before: behind })
    engines.unshift(bouncer)
    const report = await sandbox.doctor(bouncer.url)
    expect(report.findings).toContainEqual(
      expect.objectContaining({ check: 'pooler', level: 'note', seen: 'LISTEN is deaf' }),
    )
  })
})
