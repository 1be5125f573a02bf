/**
 * How a connection comes about: passwords, certificates, sockets, settings in a URL, and rights that are one too few.
 * @module-tag real-time
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run, which } from '@holdfast/testbed/engines/command'
import type { Engine } from '@holdfast/testbed/engines/engine'
import * as server from '@holdfast/testbed/engines/postgres/driver'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import postgresJs from 'postgres'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { Misuse } from '../../store/errors.ts'
import type { Store } from '../../store/store.ts'
import { claim, takeAndLeave } from '../claims.fixture.ts'
import { postgres, postgresSchema } from './index.ts'
import { drivers, Stage } from './postgres.fixture.ts'

const stage = new Stage()
let engine: Engine

beforeEach(async (context) => {
  await requireEngine(context, server)
})
afterAll(() => stage[Symbol.asyncDispose]())

const PASSWORD = 'pass word/1'
const TRUST = 'host all postgres 127.0.0.1/32 trust'

/** The store over the URL, by either driver. */
function storeOver(driver: (typeof drivers)[number], url: string, options: object = {}): Store {
  if (driver === 'pg') return postgres(stage.pool({ url }, options))
  const sql = postgresJs(url, { max: 1, ...options })
  stage.ending(() => sql.end({ timeout: 1 }))
  return postgres(sql)
}

function urlFor(user: string, password: string, { port }: Engine, host = '127.0.0.1'): string {
  return `postgres://${user}:${encodeURIComponent(password)}@${host}:${port}/postgres`
}

describe('a password by SCRAM', () => {
  let asking: Engine
  beforeEach(async () => {
    if (asking !== undefined) return
    asking = await stage.server({ access: [TRUST, 'host all all 127.0.0.1/32 scram-sha-256'] })
    await stage.pool(asking).query(`CREATE ROLE app LOGIN SUPERUSER PASSWORD '${PASSWORD}'`)
  })

  test.each(drivers)('lets all three connections in: %s', async (driver) => {
    const store = await stage.opened(storeOver(driver, urlFor('app', PASSWORD, asking)))
    await takeAndLeave(store, 'n!lock')
    expect(store.facts.wakeUp).toBe('push')
  })

  test.each(drivers)('that is wrong is final, in the words of the server, and is not shown: %s', async (driver) => {
    const opening = stage.opened(storeOver(driver, urlFor('app', 'no s3cret', asking)))
    await expect(opening).rejects.toMatchObject({
      isFinal: true,
      message: expect.stringMatching(
        /refused the password \(SQLSTATE 28P01\).*password authentication failed for user "app"/,
      ),
    })
    expect(await opening.catch(String)).not.toContain('s3cret')
  })
})

describe('TLS', () => {
  let secure: Engine
  let certificate: string
  beforeEach(async ({ skip }) => {
    const openssl = await which('openssl')
    if (openssl === undefined) return skip('openssl is not installed')
    if (secure !== undefined) return
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-tls-'))
    stage.ending(() => rmSync(folder, { recursive: true }))
    certificate = join(folder, 'server.crt')
    const key = join(folder, 'server.key')
    const words = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', certificate]
    await run(
      openssl,
      [...words, '-subj', '/CN=here.example', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'],
      {
        withinMs: 30_000,
      },
    )
    secure = await stage.server({
      config: { ssl: 'on' },
      access: [TRUST, 'hostssl all all 127.0.0.1/32 scram-sha-256'],
      files: { 'server.crt': readFileSync(certificate, 'utf8'), 'server.key': readFileSync(key, 'utf8') },
    })
    await stage.pool(secure).query(`CREATE ROLE app LOGIN SUPERUSER PASSWORD '${PASSWORD}'`)
  })

  test('covers every connection that is made of a URL which names the authority', async () => {
    const url = `${urlFor('app', PASSWORD, secure)}?sslmode=verify-full&sslrootcert=${certificate}&application_name=all`
    const store = await stage.opened(postgres(url))
    await takeAndLeave(store, 'n!lock')
    const { rows } = await stage
      .pool(secure)
      .query<{ ssl: boolean }>(
        "SELECT s.ssl FROM pg_stat_ssl AS s JOIN pg_stat_activity AS a USING (pid) WHERE a.application_name = 'all'",
      )
    expect(rows).toEqual([{ ssl: true }, { ssl: true }, { ssl: true }])
  })

  test.each(drivers)('with the options of the driver: %s', async (driver) => {
    const ssl = { ca: readFileSync(certificate, 'utf8') }
    const store = await stage.opened(storeOver(driver, urlFor('app', PASSWORD, secure), { ssl }))
    await takeAndLeave(store, 'n!lock')
    expect(store.facts.wakeUp).toBe('push')
  })

  test.each(drivers)('with a certificate that nobody vouches for is refused for good: %s', async (driver) => {
    const ssl = driver === 'pg' ? true : 'verify-full'
    const opening = stage.opened(storeOver(driver, urlFor('app', PASSWORD, secure), { ssl }))
    await expect(opening).rejects.toMatchObject({
      isFinal: true,
      message: expect.stringMatching(/certificate that is not accepted.*self-signed certificate/),
    })
  })

  test.each(drivers)('that the server insists on is named by the server: %s', async (driver) => {
    const opening = stage.opened(storeOver(driver, urlFor('app', PASSWORD, secure)))
    await expect(opening).rejects.toMatchObject({
      isFinal: true,
      message: expect.stringMatching(/does not let this user in \(SQLSTATE 28000\).*no encryption/),
    })
  })
})

test('a URL may name a folder with a socket, settings of the session, and the table', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-'))
  stage.ending(() => rmSync(folder, { recursive: true, force: true }))
  await run('chmod', ['0777', folder], { withinMs: 5_000 })
  const local = await stage.server({ config: { unix_socket_directories: folder } })
  const settings = `host=${encodeURIComponent(folder)}&port=${local.port}&user=postgres`
  const names = 'holdfast_schema=Schlösser%20A&holdfast_table=lines'
  const store = await stage.opened(
    postgres(`postgres:///postgres?${settings}&${names}&options=${encodeURIComponent('-c synchronous_commit=off')}`),
  )
  await takeAndLeave(store, 'n!lock')
  expect(store.facts.reasons.join()).toContain('synchronous_commit is off')
  const { rows } = await stage.pool(local).query('SELECT resource FROM "Schlösser A".lines')
  expect(rows).toEqual([{ resource: 'n!lock' }])
})

test('a table that is chosen twice, or in no text, is misuse', () => {
  const url = 'postgres://host/db?holdfast_schema=a'
  expect(() => postgres(url, { schema: 'b' })).toThrow(Misuse)
  expect(() => postgres(`${url}&holdfast_schema=c`)).toThrow(/chosen twice/)
  expect(() => postgres('postgres://host/db?holdfast_table=%E0%A4')).toThrow(/percent-encoded/)
  expect(() => postgres(`${url}&holdfast_table=t`, {})).not.toThrow()
})

describe('one right too few', () => {
  test.each(['SELECT', 'INSERT', 'UPDATE', 'USAGE'])('is named when the store opens, for good: %s', async (missing) => {
    engine ??= await stage.server()
    const [schema, user] = [`rights_${missing.toLowerCase()}`, `without_${missing.toLowerCase()}`]
    const rights = ['SELECT', 'INSERT', 'UPDATE'].filter((right) => right !== missing)
    const person = stage.pool(engine)
    await person.query(`${postgresSchema({ schema })} CREATE ROLE ${user} LOGIN;
      GRANT SELECT, INSERT, UPDATE, DELETE ON ${schema}.lines_waiters TO ${user};
      GRANT ${rights.join(', ')} ON ${schema}.lines TO ${user};
      ${missing === 'USAGE' ? '' : `GRANT USAGE ON SCHEMA ${schema} TO ${user}`}`)
    const words =
      missing === 'USAGE'
        ? /does not allow this user to use the schema of.*GRANT USAGE ON SCHEMA/
        : new RegExp(`does not allow this user to ${missing} on "${schema}"."lines": GRANT ${missing}`)
    const opening = stage.opened(postgres(engine.url.replace('postgres@', `${user}@`), { schema }))
    await expect(opening).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      isFinal: true,
      message: expect.stringMatching(words),
    })
  })
})

describe('what the role of the user brings along', () => {
  const withRole = async (user: string, settings: readonly string[]): Promise<string> => {
    engine ??= await stage.server()
    const person = stage.pool(engine)
    await stage.opened(postgres(engine.url))
    await person.query(`CREATE ROLE ${user} LOGIN; GRANT USAGE ON SCHEMA holdfast TO ${user};
      GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA holdfast TO ${user}`)
    for (const setting of settings) await person.query(`ALTER ROLE ${user} SET ${setting}`)
    return engine.url.replace('postgres@', `${user}@`)
  }

  test('transactions that may only read are refused for good', async () => {
    const url = await withRole('reader', ['default_transaction_read_only = on'])
    await expect(stage.opened(postgres(url))).rejects.toMatchObject({
      isFinal: true,
      message: expect.stringContaining('default_transaction_read_only is on'),
    })
  })

  test('short timeouts and another isolation end single statements and nothing else', async () => {
    const limits = [
      "statement_timeout = '300ms'",
      "lock_timeout = '150ms'",
      "default_transaction_isolation = 'repeatable read'",
    ]
    const store = await stage.opened(postgres(await withRole('hasty', limits)))
    await takeAndLeave(store, 'n!hasty')
    const locking = await stage.pool(engine).connect()
    await locking.query("BEGIN; SELECT FROM holdfast.lines WHERE resource = 'n!hasty' FOR UPDATE")
    const asked = claim('n!hasty')
    await expect(store.enter(asked)).rejects.toMatchObject({
      code: 'NOT_APPLIED',
      message: expect.stringMatching(/SQLSTATE 55P03.*lock timeout/),
    })
    await locking.query('COMMIT')
    locking.release()
    expect(await store.enter(asked)).toMatchObject({ kind: 'held' })
  })
})
