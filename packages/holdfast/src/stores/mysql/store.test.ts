/**
 * MySQL beyond the conformance cases: what a pair costs, the tables, names by bytes, sessions of any kind, and what the
 * server promises.
 * @module-tag real-time
 */
import type { Engine } from '@holdfast/testbed/engines/engine'
import * as server from '@holdfast/testbed/engines/mariadb/driver'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import type { Pool, RowDataPacket } from 'mysql2/promise'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { Misuse, StoreUnavailable } from '../../store/errors.ts'
import { claim, held, takeAndLeave } from '../claims.fixture.ts'
import { mysql, mysqlSchema } from './index.ts'
import { as, Stage } from './mysql.fixture.ts'

const stage = new Stage()
let engine: Engine
let person: Pool
let names = 0

beforeEach(async (context) => {
  await requireEngine(context, server)
  engine ??= await stage.server()
  person ??= stage.pool(engine, { multipleStatements: true })
})
afterAll(() => stage[Symbol.asyncDispose]())

const fresh = (word: string): string => `${word}${(names += 1)}`

async function counted(): Promise<Readonly<Record<string, number>>> {
  const [rows] = await person.query<RowDataPacket[]>(
    "SHOW GLOBAL STATUS WHERE Variable_name IN ('Com_select', 'Com_update', 'Com_insert', 'Com_commit')",
  )
  return Object.fromEntries(rows.map((row) => [String(row['Variable_name']), Number(row['Value'])]))
}

test('an uncontended pair is two statements', async () => {
  const store = await stage.opened(mysql(engine.url))
  for (let pairs = 0; pairs < 2; pairs += 1) await takeAndLeave(store, 'n!pair')
  const before = await counted()
  await takeAndLeave(store, 'n!pair')
  const after = await counted()
  const spent = Object.entries(after).map(([name, count]) => [name, count - (before[name] ?? 0)])
  expect(Object.fromEntries(spent)).toEqual({ Com_select: 0, Com_update: 2, Com_insert: 0, Com_commit: 0 })
})

test('a renewal is one statement, and the life that it gives is the whole one', async () => {
  const store = await stage.opened(mysql(engine.url))
  const asked = claim(fresh('n!renewal'))
  await takeAndLeave(store, asked.resource)
  const { token } = held(await store.enter(asked))
  const before = await counted()
  for (const ttlMs of [50_000, 60_000]) {
    expect(await store.renew([{ ref: { ...asked, token }, ttlMs }])).toMatchObject([
      { kind: 'held', token, lifeMs: ttlMs },
    ])
  }
  const after = await counted()
  expect([after['Com_update'], after['Com_select']]).toEqual([(before['Com_update'] ?? 0) + 2, before['Com_select']])
  const [seen] = (await store.look(asked.resource)).claims
  expect(seen?.endsInMs).toBeGreaterThan(55_000)
  expect(await store.leave({ ...asked, token })).toBe('left')
})

test('a lease that is over is gone, also where it stood alone, and cuts no lock-delay short', async () => {
  const store = await stage.opened(mysql(engine.url))
  for (const name of ['n!over', 'n!late']) await takeAndLeave(store, name)
  const asked = claim('n!over', { ttlMs: 100, lockDelayMs: 60_000 })
  const late = claim('n!late', { ttlMs: 100 })
  const lateRef = { ...late, token: held(await store.enter(late)).token }
  const { token } = held(await store.enter(asked))
  await expect.poll(async () => (await store.look('n!over')).claims[0]?.state).toBe('lingering')
  expect(await store.leave({ ...asked, token })).toBe('gone')
  expect(await store.enter(claim('n!over', { queue: false }))).toMatchObject({ kind: 'refused' })
  expect(await store.renew([{ ref: lateRef, ttlMs: 5_000 }])).toMatchObject([{ kind: 'gone' }])
})

test('names that differ in case, in an accent or in a blank at the end are different locks, and are listed by their bytes', async () => {
  const store = await stage.opened(mysql(engine.url))
  const prefix = fresh('bytes')
  const resources = ['A', 'a', 'a ', 'b', 'á', '%', '_'].map((name) => `${prefix}!${name}`)
  for (const resource of resources) expect(await store.enter(claim(resource))).toMatchObject({ kind: 'held' })
  const byBytes = resources.toSorted((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)))
  expect(await store.list(`${prefix}!`, undefined, 10)).toEqual({ resources: byBytes })
  expect(await store.list(`${prefix}!_`, undefined, 10)).toEqual({ resources: [`${prefix}!_`] })
})

test('every text comes back as it was', async () => {
  const store = await stage.opened(mysql(engine.url))
  const resource = fresh('n!text')
  const [owner, note] = [`o'"\\\`\u{1d11e} -- /*?*/ :x`, 'é𝄞\u2028\\0\\']
  await store.enter(claim(resource, { owner, note }))
  expect((await store.look(resource)).claims).toMatchObject([{ owner, note }])
})

describe('a session', () => {
  const modes = [
    'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT,NO_UNSIGNED_SUBTRACTION,HIGH_NOT_PRECEDENCE',
    'SIMULTANEOUS_ASSIGNMENT',
    'ORACLE',
    'TRADITIONAL',
    '',
  ]
  const settings = [
    ...modes.map((mode) => `sql_mode = '${mode}'`),
    "time_zone = '+13:00'",
    "character_set_client = latin1, character_set_results = latin1, collation_connection = 'ucs2_general_ci'",
    'div_precision_increment = 0, group_concat_max_len = 4',
    "tx_isolation = 'SERIALIZABLE'",
  ]

  test.each(settings)('with %s makes no difference', async (setting) => {
    const pool = stage.pool(engine, { connectionLimit: 1 })
    const [strange, plain] = [await stage.opened(mysql(pool)), await stage.opened(mysql(engine.url))]
    await pool.query(`SET SESSION ${setting}`)
    const resource = fresh('n!session')
    let last = 0n
    for (const store of [strange, plain, strange, strange]) {
      const token = await takeAndLeave(store, resource)
      expect(token).toBeGreaterThan(last)
      last = token
    }
    const [first, second] = [claim(resource, { ttlMs: 5_000, owner: 'é𝄞' }), claim(resource)]
    const { lifeMs } = held(await strange.enter(first))
    expect(lifeMs).toBe(5_000)
    const [seen] = (await plain.look(resource)).claims
    expect(seen).toMatchObject({ owner: 'é𝄞' })
    expect(seen?.endsInMs).toBeGreaterThan(1_000)
    expect(seen?.endsInMs).toBeLessThanOrEqual(5_000)
    expect(await plain.enter(second)).toMatchObject({ kind: 'queued', ahead: 0 })
    expect(await strange.enter(claim(resource))).toMatchObject({ kind: 'queued', ahead: 1 })
    expect((await strange.list(resource, undefined, 10)).resources).toEqual([resource])
  })

  test('that does not commit by itself grants nothing, and the error says so', async () => {
    const pool = stage.pool(engine, { connectionLimit: 1 })
    const store = await stage.opened(mysql(pool))
    const resource = fresh('n!autocommit')
    const plain = await stage.opened(mysql(engine.url))
    await takeAndLeave(store, resource)
    await pool.query('SET autocommit = 0')
    await expect(store.enter(claim(resource))).rejects.toMatchObject({
      isFinal: true,
      message: expect.stringContaining('autocommit off'),
    })
    expect((await plain.look(resource)).claims).toEqual([])
    expect(await plain.enter(claim(resource))).toMatchObject({ kind: 'held' })
  })
})

describe('the tables', () => {
  test('are made once by ten stores that open in one moment, with a name of any kind', async () => {
    const options = { table: `we\`ird 'te"s; --` }
    const pool = stage.pool(engine)
    const stores = await Promise.all(Array.from({ length: 10 }, () => stage.opened(mysql(pool, options))))
    expect((await stores[0]?.enter(claim('n!lock')))?.kind).toBe('held')
    expect((await stores[9]?.enter(claim('n!lock')))?.kind).toBe('queued')
    expect(await stores[5]?.list('n!', undefined, 10)).toEqual({ resources: ['n!lock'] })
  })

  test('of another program in our place are refused, and stay as they are', async () => {
    await person.query('CREATE TABLE foreign_lines (id int PRIMARY KEY, claims text)')
    const opening = stage.opened(mysql(engine.url, { table: 'foreign_lines' }))
    await expect(opening).rejects.toThrow(/not a table of Holdfast: it has claims text, id int/)
    await expect(opening).rejects.toMatchObject({ isFinal: true })
    await person.query(
      mysqlSchema({ table: 'unsafe' })
        .replaceAll('InnoDB', 'MyISAM')
        .replaceAll('DYNAMIC', 'DEFAULT')
        .replaceAll('1201', '500'),
    )
    await expect(stage.opened(mysql(engine.url, { table: 'unsafe' }))).rejects.toMatchObject({
      isFinal: true,
      message: expect.stringContaining('has the engine MyISAM'),
    })
  })

  test('can be made by a person beforehand, and used with the rights that the documentation names', async () => {
    const [database, user] = [fresh('own'), fresh('user')]
    await person.query(`CREATE DATABASE ${database}; ${mysqlSchema({ database })} ${mysqlSchema({ database })}
      CREATE USER ${user}; GRANT SELECT, INSERT, UPDATE ON ${database}.holdfast_lines TO ${user};
      GRANT SELECT, INSERT, UPDATE, DELETE ON ${database}.holdfast_lines_waiters TO ${user}`)
    const url = as(user, engine).replace('/locks', '')
    const store = await stage.opened(mysql(url, { database }))
    const [first, second] = [claim('n!lock'), claim('n!lock')]
    const { token } = held(await store.enter(first))
    await store.enter(second)
    expect(await store.renew([{ ref: { ...first, token }, ttlMs: 5_000 }])).toMatchObject([{ kind: 'held' }])
    expect(await store.evict('n!lock', token, 'a test')).toBe('evicted')
    expect(await store.leave(second)).toBe('left')
    await expect(stage.opened(mysql(url))).rejects.toThrow(/no database is named/)
  })

  test('that may not be made, or not be written, are refused with the way out', async () => {
    const [database, user] = [fresh('poor'), fresh('user')]
    await person.query(`CREATE DATABASE ${database}; CREATE USER ${user}; GRANT SELECT ON ${database}.* TO ${user}`)
    const options = { database }
    await expect(stage.opened(mysql(as(user, engine), options))).rejects.toMatchObject({ isFinal: true })
    await person.query(`GRANT USAGE ON *.* TO ${user}; GRANT SELECT ON locks.* TO ${user}`)
    await expect(stage.opened(mysql(as(user, engine), options))).rejects.toMatchObject({
      isFinal: true,
      message: expect.stringMatching(/does not allow this user.*docs\/mysql\.md.*error 1142.*CREATE command denied/),
    })
    await person.query(mysqlSchema({ database }))
    await expect(stage.opened(mysql(as(user, engine), options))).rejects.toThrow(/INSERT command denied/)
    // Opened once by a user with all rights, it opens, and grants nothing.
    await stage.opened(mysql(engine.url, options))
    const store = await stage.opened(mysql(as(user, engine), options))
    await expect(store.enter(claim('n!lock'))).rejects.toMatchObject({ isFinal: true, code: 'STORE_UNAVAILABLE' })
  })
})

describe('the facts', () => {
  test('say durable only where a commit is on the disk', async () => {
    expect((await stage.opened(mysql(engine.url))).facts).toMatchObject({
      engine: expect.stringMatching(/^MariaDB 1\d/),
      safetyClass: 'durable',
      wakeUp: 'poll',
      order: 'fifo',
    })
    const hasty = await stage.server({ config: { 'innodb-flush-log-at-trx-commit': '2' } })
    const { safetyClass, reasons } = (await stage.opened(mysql(hasty.url))).facts
    expect([safetyClass, reasons.join()]).toEqual([
      'best-effort',
      expect.stringContaining('innodb_flush_log_at_trx_commit is 2'),
    ])
    await stage.pool(hasty).query('SET GLOBAL innodb_flush_log_at_trx_commit = 1')
    expect((await stage.opened(mysql(hasty.url))).facts.safetyClass).toBe('durable')
  })

  test('a server that takes no writes is refused with words, and so is one that takes no long ones', async () => {
    const replica = await stage.server()
    const writer = stage.pool(replica)
    await writer.query('SET GLOBAL read_only = 1')
    const opening = stage.opened(mysql(replica.url))
    await expect(opening).rejects.toThrow(StoreUnavailable)
    await expect(opening).rejects.toThrow(/read_only is on, as on a replica.*connect to the primary/)
    await writer.query('SET GLOBAL read_only = 0')
    await writer.query('SET GLOBAL max_allowed_packet = 65536')
    await expect(stage.opened(mysql(replica.url))).rejects.toMatchObject({
      isFinal: true,
      message: expect.stringContaining('max_allowed_packet is 65536'),
    })
  })
})

describe.each(['mysql2', 'mariadb'] as const)('over %s', { timeout: 60_000 }, (driver) => {
  const over = (url: string): ReturnType<typeof mysql> =>
    driver === 'mysql2' ? mysql(stage.pool({ url })) : mysql(stage.mariadbPool({ url }))

  test('a server that is not there, a wrong database and a wrong password are told apart, and no password is shown', async () => {
    const url = engine.url.replace('root@', 'root:s3cret@')
    const missing = stage.opened(over(url.replace(String(engine.port), '1')))
    await expect(missing).rejects.toMatchObject({ isFinal: false, message: expect.stringContaining('ECONNREFUSED') })
    await expect(stage.opened(over(engine.url.replace('/locks', '/nowhere')))).rejects.toMatchObject({
      isFinal: true,
      message: expect.stringMatching(/does not have the database.*error 1049.*nowhere/),
    })
    const wrong = stage.opened(over(url))
    await expect(wrong).rejects.toMatchObject({
      isFinal: true,
      message: expect.stringMatching(/refused the user or the password.*error 1045.*denied/),
    })
    for (const words of [await missing.catch(String), await wrong.catch(String)]) expect(words).not.toContain('s3cret')
  })

  test('options of the pool that change how rows look make no difference', async () => {
    const options = { rowsAsArray: true, nestTables: true, typeCast: () => 'nonsense', namedPlaceholders: true }
    const pool =
      driver === 'mysql2'
        ? stage.pool(engine, { ...options, dateStrings: true })
        : stage.mariadbPool(engine, { ...options, metaAsArray: true })
    const store = await stage.opened(mysql(pool))
    const resource = fresh('n!rows')
    await takeAndLeave(store, resource)
    const asked = claim(resource)
    expect(await store.enter(asked)).toMatchObject({ kind: 'held' })
    expect(await store.enter(claim(resource))).toMatchObject({ kind: 'queued' })
    expect(await store.leave(asked)).toBe('left')
  })
})

test('what is neither a pool nor a URL, and a name that is none, is misuse', async () => {
  expect(() => mysql('redis://s3cret@host')).toThrow(Misuse)
  expect(() => mysql('redis://s3cret@host')).not.toThrow(/s3cret/)
  const connection = await person.getConnection()
  connection.release()
  expect(() => mysql(connection as never)).toThrow(/takes a pool of mysql2\/promise or mariadb, or a URL/)
  expect(() => mysql(engine.url, { database: '' })).toThrow(Misuse)
  expect(() => mysql(engine.url, { table: 'x'.repeat(64) })).toThrow(/at most 63 bytes/)
  expect(() => mysql(engine.url, { table: 'x ' })).toThrow(/must not end with a blank/)
})
