/**
 * PostgreSQL beyond the conformance cases: what a pair costs, the table, the rights, and what the server promises.
 * @module-tag real-time
 */
import type { Engine } from '@holdfast/testbed/engines/engine'
import * as pooler from '@holdfast/testbed/engines/pgbouncer/server'
import * as server from '@holdfast/testbed/engines/postgres/driver'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { Misuse, StoreUnavailable } from '../../store/errors.ts'
import { claim, held, takeAndLeave } from '../claims.fixture.ts'
import { postgres, postgresSchema } from './index.ts'
import { drivers, Stage } from './postgres.fixture.ts'

const stage = new Stage()
let engine: Engine
let names = 0

beforeEach(async (context) => {
  await requireEngine(context, server)
  engine ??= await stage.server({ config: { log_statement: 'all' } })
})
afterAll(() => stage[Symbol.asyncDispose]())

const fresh = (word: string): string => `${word}${(names += 1)}`

function as(user: string): string {
  return engine.url.replace('postgres@', `${user}@`)
}

/** Asks until the log has said it: the server writes its lines after its answers. */
async function expectStatements(work: () => Promise<unknown>, count: number): Promise<void> {
  const before = engine.log().length
  await work()
  const said = (): number | undefined =>
    engine
      .log()
      .slice(before)
      .match(/LOG: {2}(?:execute|statement)/g)?.length
  await expect.poll(said).toBe(count)
}

test('an uncontended pair is two statements', async () => {
  const store = await stage.opened(postgres(engine.url))
  for (let pairs = 0; pairs < 2; pairs += 1) await takeAndLeave(store, 'n!pair')
  await expectStatements(() => takeAndLeave(store, 'n!pair'), 2)
})

test('the renewals of many lines are one statement, and a line that changed meanwhile is read and changed', async () => {
  const [store, other] = [await stage.opened(postgres(engine.url)), await stage.opened(postgres(engine.url))]
  const asked = Array.from({ length: 3 }, (_, index) => claim(`n!r"e\\n'e,w{${index}}`, { note: `"\\,{}${index}` }))
  for (const each of asked) await takeAndLeave(store, each.resource)
  const renewals: { ref: ReturnType<typeof claim>; ttlMs: number }[] = []
  for (const each of asked) renewals.push({ ref: { ...each, ...held(await store.enter(each)) }, ttlMs: 60_000 })
  await expectStatements(async () => {
    const answers = await store.renew(renewals)
    expect(answers.map((answer) => 'kind' in answer && answer.kind)).toEqual(asked.map(() => 'held'))
  }, 1)
  const [first] = asked
  const { claims } = await store.look(first?.resource ?? '')
  expect(claims).toMatchObject([{ note: first?.note }])
  expect(claims[0]?.endsInMs).toBeGreaterThan(50_000)
  await other.enter(claim(first?.resource ?? ''))
  await expectStatements(async () => {
    expect(await store.renew(renewals)).toMatchObject(asked.map(() => ({ kind: 'held', lifeMs: 60_000 })))
  }, 3)
})

test('a hand-off is two statements of the process that leaves, and none of the one whose turn it is', async () => {
  const [store, other] = [await stage.opened(postgres(engine.url)), await stage.opened(postgres(engine.url))]
  const [first, second, third] = [claim('n!hand-off'), claim('n!hand-off'), claim('n!hand-off')]
  held(await store.enter(first))
  await other.enter(second)
  await store.enter(third)
  await store.leave(first)
  held((await other.watch(second, AbortSignal.timeout(20_000))) as never)
  expect(await store.watch(third, AbortSignal.timeout(20_000))).toMatchObject({ kind: 'queued', ahead: 0 })
  const news = store.watch(third, AbortSignal.timeout(20_000))
  await expectStatements(async () => {
    await other.leave(second)
    held((await news) as never)
  }, 2)
})

test('a line that others want is read and changed, and their claims are told', async () => {
  const [store, other] = [await stage.opened(postgres(engine.url)), await stage.opened(postgres(engine.url))]
  const [first, second] = [claim('n!two'), claim('n!two')]
  const { token } = held(await store.enter(first))
  expect(await other.enter(second)).toMatchObject({ kind: 'queued' })
  const news = other.watch(second, AbortSignal.timeout(20_000))
  expect(await store.leave({ ...first, token })).toBe('left')
  expect(held((await news) as never).token).toBeGreaterThan(token)
})

test('the channel of a claim is a text, whatever a row says that it is', async () => {
  const other = await stage.opened(postgres(engine.url))
  await takeAndLeave(other, 'n!channel')
  const asked = claim('n!channel')
  held(await other.enter(asked))
  const pool = stage.pool(engine)
  const bad = "x', ''); DROP TABLE holdfast.lines; --"
  await other.enter(claim('n!channel'))
  const { rowCount } = await pool.query(
    `UPDATE holdfast.lines SET version = version + 1, claims = regexp_replace(claims, 'holdfast-[0-9a-f-]{36}', $1, 'g')
    WHERE resource = 'n!channel'`,
    [bad],
  )
  expect(rowCount).toBe(1)
  const store = await stage.opened(postgres(engine.url))
  const { lastToken } = await store.look('n!channel')
  expect(await store.evict('n!channel', lastToken, 'for the notice')).toBe('evicted')
  // The waiter was granted, and its process told, in whatever channel.
  expect((await store.look('n!channel')).lastToken).toBeGreaterThan(lastToken)
})

test('a lease that is over is gone, also where it stood alone, and cuts no lock-delay short', async () => {
  const store = await stage.opened(postgres(engine.url))
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

describe('the table', () => {
  test('is made once by ten stores that open in one moment, in a schema of any name', async () => {
    const names = { schema: `we"ird ${fresh('s')}`, table: `li'ne"s; --$1` }
    const pool = stage.pool(engine, { max: 10 })
    const stores = await Promise.all(Array.from({ length: 10 }, () => stage.opened(postgres(pool, names))))
    const asked = claim('n!lock')
    expect((await stores[0]?.enter(asked))?.kind).toBe('held')
    expect((await stores[9]?.enter(claim('n!lock')))?.kind).toBe('queued')
    expect(await stores[5]?.list('n!', undefined, 10)).toEqual({ resources: ['n!lock'] })
  })

  test('is made though another program makes its schema in that moment', async () => {
    const schema = fresh('meanwhile')
    const pool = stage.pool(engine)
    const other = await pool.connect()
    await other.query(`BEGIN; CREATE SCHEMA ${schema}`)
    const opening = stage.opened(postgres(engine.url, { schema }))
    const waiting = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'CREATE SCHEMA%'"
    await expect.poll(async () => (await pool.query(waiting)).rowCount).toBe(1)
    await other.query('COMMIT')
    other.release()
    expect(await takeAndLeave(await opening, 'n!lock')).toBeGreaterThan(0n)
  })

  test('of another program in our place is refused, and stays as it is', async () => {
    const schema = fresh('foreign')
    const pool = stage.pool(engine)
    await pool.query(`CREATE SCHEMA ${schema}; CREATE TABLE ${schema}.lines (id int PRIMARY KEY, claims text)`)
    const opening = stage.opened(postgres(pool, { schema }))
    await expect(opening).rejects.toThrow(/not a table of Holdfast: it has claims text, id integer/)
    await expect(opening).rejects.toMatchObject({ isFinal: true })
    expect((await pool.query(`SELECT count(*)::int AS count FROM ${schema}.lines`)).rows).toEqual([{ count: 0 }])
  })

  test('can be made by a person beforehand, and used with three rights on it and four on that of its waiters', async () => {
    const [schema, user] = [fresh('own'), fresh('user')]
    const pool = stage.pool(engine)
    await pool.query(`${postgresSchema({ schema })} CREATE ROLE ${user} LOGIN; GRANT USAGE ON SCHEMA ${schema} TO ${user};
      GRANT SELECT, INSERT, UPDATE ON ${schema}.lines TO ${user};
      GRANT SELECT, INSERT, UPDATE, DELETE ON ${schema}.lines_waiters TO ${user}`)
    await pool.query(postgresSchema({ schema }))
    const store = await stage.opened(postgres(as(user), { schema }))
    const [first, second] = [claim('n!lock'), claim('n!lock')]
    const { token } = held(await store.enter(first))
    await store.enter(second)
    expect(await store.renew([{ ref: { ...first, token }, ttlMs: 5_000 }])).toMatchObject([{ kind: 'held' }])
    expect(await store.evict('n!lock', token, 'a test')).toBe('evicted')
    expect(await store.leave(second)).toBe('left')
  })

  test('that may not be made, or not be written, is refused with the way out', async () => {
    const [schema, user] = [fresh('poor'), fresh('user')]
    const pool = stage.pool(engine)
    await pool.query(`CREATE ROLE ${user} LOGIN`)
    await expect(stage.opened(postgres(as(user), { schema }))).rejects.toMatchObject({
      isFinal: true,
      message: expect.stringMatching(/does not allow this user.*docs\/postgres\.md.*permission denied for database/),
    })
    await pool.query(
      `${postgresSchema({ schema })} GRANT USAGE ON SCHEMA ${schema} TO ${user}; GRANT SELECT ON ${schema}.lines TO ${user}`,
    )
    await expect(stage.opened(postgres(as(user), { schema }))).rejects.toMatchObject({
      isFinal: true,
      message: expect.stringMatching(
        /does not allow this user to INSERT, UPDATE on "poor\d+"."lines": GRANT INSERT, UPDATE/,
      ),
    })
  })
})

describe('the facts', () => {
  test('say durable only where a commit is on the disk', async () => {
    const pool = stage.pool(engine)
    const lesser = (await stage.opened(postgres(pool))).facts
    expect(lesser).toMatchObject({ safetyClass: 'best-effort', wakeUp: 'push', order: 'fifo' })
    expect(lesser.reasons.join()).toContain('fsync is off')
    const durable = await stage.server({ fsync: true })
    expect((await stage.opened(postgres(durable.url))).facts).toMatchObject({
      engine: expect.stringMatching(/^PostgreSQL 1\d/),
      safetyClass: 'durable',
    })
    const hasty = stage.pool(durable, { options: '-c synchronous_commit=off' })
    const { safetyClass, reasons } = (await stage.opened(postgres(hasty))).facts
    expect([safetyClass, reasons.join()]).toEqual(['best-effort', expect.stringContaining('synchronous_commit is off')])
    await stage.pool(durable).query('ALTER TABLE holdfast.lines SET UNLOGGED')
    expect((await stage.opened(postgres(durable.url))).facts.reasons.join()).toContain('UNLOGGED')
  })
})

test('behind a pooler LISTEN is answered and deaf: the facts say so, and waiters look by themselves', async (context) => {
  await requireEngine(context, pooler)
  await using bouncer = await pooler.start({ before: engine })
  await using near = new Stage()
  const store = await near.opened(postgres(bouncer.url))
  expect(store.facts.wakeUp).toBe('poll')
  expect(store.facts.reasons.join()).toContain('LISTEN hears nothing here')
  const [first, second] = [claim('n!pooled'), claim('n!pooled')]
  const { token } = held(await store.enter(first))
  // The next in line looks again as soon as a hand-off may take.
  expect(await store.enter(second)).toMatchObject({ kind: 'queued', recheckInMs: 1 })
  expect(await store.leave({ ...first, token })).toBe('left')
  expect(held(await store.enter(second)).token).toBeGreaterThan(token)
})

test.each(drivers)(
  'behind a pooler that has one connection of the server nothing is relied upon to be heard: %s',
  async (driver) => {
    await using bouncer = await pooler.start({ before: engine, poolSize: 1 })
    await using near = new Stage()
    const store = await near.opened(postgres(near.userPool(driver, bouncer).client))
    expect(store.facts.wakeUp).toBe('poll')
    const direct = await near.opened(postgres(near.userPool(driver, engine).client))
    expect(direct.facts.wakeUp).toBe('push')
  },
)

test('a standby is refused with words', async () => {
  const primary = await stage.server()
  await stage.opened(postgres(primary.url))
  const standby = await stage.server({ standbyOf: primary })
  const opening = stage.opened(postgres(standby.url))
  await expect(opening).rejects.toThrow(StoreUnavailable)
  await expect(opening).rejects.toThrow(/standby.*connect to the primary/i)
})

test('a server that is not there, a wrong database and a wrong user are told apart, and no password is shown', async () => {
  const url = engine.url.replace('postgres@', 'postgres:s3cret@')
  const missing = stage.opened(postgres(url.replace(String(engine.port), '1')))
  await expect(missing).rejects.toMatchObject({ isFinal: false, message: expect.stringContaining('ECONNREFUSED') })
  await expect(stage.opened(postgres(url.replace(/postgres$/, 'nowhere')))).rejects.toMatchObject({
    isFinal: true,
    message: expect.stringMatching(/the database that the URL names.*"nowhere" does not exist/),
  })
  await expect(stage.opened(postgres(as('nobody')))).rejects.toMatchObject({ isFinal: true })
  const words = await missing.catch(String)
  expect(words).not.toContain('s3cret')
})

test('what is neither a pool nor a URL, and a name that is none, is misuse', () => {
  expect(() => postgres('redis://s3cret@host')).toThrow(Misuse)
  expect(() => postgres('redis://s3cret@host')).not.toThrow(/s3cret/)
  expect(() => postgres({} as never)).toThrow(/takes a Pool of pg, an instance of postgres, or a URL/)
  expect(() => postgres(engine.url, { schema: '' })).toThrow(Misuse)
  expect(() => postgres(engine.url, { table: 'x'.repeat(64) })).toThrow(/at most 63 bytes/)
})
