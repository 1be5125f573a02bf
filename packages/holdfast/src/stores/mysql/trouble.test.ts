/**
 * What goes wrong with connections, locks and pools: typed answers, nothing stranded, and no error event that ends the process.
 * @module-tag real-time
 */
import type { Engine } from '@holdfast/testbed/engines/engine'
import * as server from '@holdfast/testbed/engines/mariadb/driver'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import type { Pool, RowDataPacket } from 'mysql2/promise'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { NotApplied } from '../../store/errors.ts'
import type { OpenStore, Store } from '../../store/store.ts'
import { again, claim, held, turnOf } from '../claims.fixture.ts'
import { expectTurnsInOrder } from '../sql/crowd.fixture.ts'
import { mysql } from './index.ts'
import { Stage } from './mysql.fixture.ts'

const stage = new Stage()
let engine: Engine
let person: Pool
let names = 0

beforeEach(async (context) => {
  await requireEngine(context, server)
  engine ??= await stage.server()
  person ??= stage.pool(engine)
})
afterAll(() => stage[Symbol.asyncDispose]())

const fresh = (): string => `n!trouble${(names += 1)}`
const LOCKED = 'SELECT * FROM holdfast_lines WHERE resource = ? FOR UPDATE'

async function endOthers(): Promise<void> {
  const [rows] = await person.query<RowDataPacket[]>(
    "SELECT id FROM information_schema.PROCESSLIST WHERE id <> CONNECTION_ID() AND command <> 'Daemon'",
  )
  await Promise.all(rows.map(({ id }) => person.query(`KILL ${id}`).catch(() => undefined)))
}

/** Renewed, left, and the waiter has its turn. */
async function expectToGoOn(store: OpenStore, first: ReturnType<typeof claim>, token: bigint): Promise<void> {
  const ref = { ...first, token }
  const [renewed] = await again(() =>
    store.renew([{ ref, ttlMs: 20_000 }]).then((answers) => {
      if (answers[0] instanceof Error) throw answers[0]
      return answers
    }),
  )
  expect(renewed).toMatchObject({ kind: 'held', token })
  expect(await again(() => store.leave(ref))).toBe('left')
}

describe.each(['mysql2', 'mariadb'] as const)('over %s', (driver) => {
  const over = ({ url }: Pick<Engine, 'url'>): Store =>
    mysql(driver === 'mysql2' ? stage.pool({ url }) : stage.mariadbPool({ url }))

  test(
    'connections that are ended under a holder and a waiter are made anew, and the turn comes',
    { timeout: 60_000 },
    async () => {
      const [store, other] = [await stage.opened(over(engine)), await stage.opened(over(engine))]
      const resource = fresh()
      const [first, second] = [claim(resource), claim(resource)]
      const { token } = held(await store.enter(first))
      const turn = turnOf(other, second, 50)
      await endOthers()
      await expectToGoOn(store, first, token)
      expect((await turn).token).toBeGreaterThan(token)
    },
  )

  test(
    'a server that crashes and recovers keeps the holder, and two waiters get their turns',
    { timeout: 60_000 },
    async () => {
      const own = await stage.server()
      const [store, other] = [await stage.opened(over(own)), await stage.opened(over(own))]
      const claims = Array.from({ length: 3 }, () => claim('n!crash', { ttlMs: 30_000 }))
      const [first, second, third] = claims as [(typeof claims)[0], (typeof claims)[0], (typeof claims)[0]]
      const { token } = held(await store.enter(first))
      expect(await other.enter(second)).toMatchObject({ kind: 'queued' })
      const turns = [turnOf(other, second, 50), turnOf(store, third, 50)] as const
      await own.kill()
      await expect(store.look('n!crash')).rejects.toMatchObject({
        code: expect.stringMatching(/STORE_UNAVAILABLE|OUTCOME_UNKNOWN|NOT_APPLIED/),
      })
      await own.restart()
      await expectToGoOn(store, first, token)
      const next = await turns[0]
      expect(next.token).toBeGreaterThan(token)
      await again(() => other.leave({ ...second, token: next.token }))
      expect((await turns[1]).token).toBeGreaterThan(next.token)
    },
  )

  test(
    'a pool without a free connection lets nobody in, and keeps and ends what is held',
    { timeout: 60_000 },
    async () => {
      const pool =
        driver === 'mysql2'
          ? stage.pool(engine, { connectionLimit: 1 })
          : stage.mariadbPool(engine, { connectionLimit: 1 })
      const store = await stage.opened(mysql(pool))
      const [first, second] = [claim(fresh()), claim(fresh())]
      const { token } = held(await store.enter(first))
      const taken = (await pool.getConnection()) as { release(): unknown }
      const refusals = Array.from({ length: 200 }, () =>
        store.enter(claim(second.resource)).catch((error: unknown) => error),
      )
      // As it is in one request, and with a note as a change.
      for (const more of [{}, { note: 'new' }]) {
        const renewal = { ref: { ...first, token }, ttlMs: 9_000, ...more }
        expect(await store.renew([renewal])).toMatchObject([{ kind: 'held' }])
      }
      expect(await store.leave({ ...first, token })).toBe('left')
      for (const refusal of await Promise.all(refusals)) {
        expect(refusal).toMatchObject({
          code: 'NOT_APPLIED',
          message: expect.stringContaining('no connection of the pool became free within 5000 ms'),
        })
      }
      taken.release()
      // What was given up is not sent later.
      expect(await store.enter(second)).toMatchObject({ kind: 'held' })
    },
  )
})

test('a statement that could not lock its row in time was not applied', async () => {
  const resource = fresh()
  const pool = stage.pool(engine, { connectionLimit: 1 })
  const store = await stage.opened(mysql(pool))
  await pool.query('SET SESSION innodb_lock_wait_timeout = 1')
  const asked = claim(resource)
  const { token } = held(await store.enter(asked))
  await store.leave({ ...asked, token })
  const locking = await person.getConnection()
  await locking.query('START TRANSACTION')
  await locking.query(LOCKED, [resource])
  const late = store.enter(claim(resource))
  await expect(late).rejects.toThrow(NotApplied)
  await expect(late).rejects.toThrow(/could not lock the line in time.*error 1205.*Lock wait timeout exceeded/)
  await locking.query('ROLLBACK')
  locking.release()
  expect(await store.enter(asked)).toMatchObject({ kind: 'held' })
})

test('a statement that a person cancels was not applied', async () => {
  const resource = fresh()
  const pool = stage.pool(engine, { connectionLimit: 1 })
  const store = await stage.opened(mysql(pool))
  const asked = claim(resource)
  const { token } = held(await store.enter(asked))
  await store.leave({ ...asked, token })
  const [[row]] = (await pool.query('SELECT CONNECTION_ID() AS id')) as unknown as [[{ id: number }]]
  const locking = await person.getConnection()
  await locking.query('START TRANSACTION')
  await locking.query(LOCKED, [resource])
  const late = store.enter(asked).catch((error: unknown) => error)
  const waits = `SELECT id FROM information_schema.PROCESSLIST WHERE id = ${row.id} AND state <> '' AND info LIKE 'UPDATE%'`
  await expect.poll(async () => ((await person.query(waits))[0] as unknown[]).length).toBe(1)
  await person.query(`KILL QUERY ${row.id}`)
  expect(await late).toMatchObject({ code: 'NOT_APPLIED', message: expect.stringContaining('error 1317') })
  await locking.query('ROLLBACK')
  locking.release()
  expect(await store.enter(asked)).toMatchObject({ kind: 'held' })
})

test('a server that is told to take no writes says so, and the holder goes on when it takes them again', async () => {
  const own = await stage.server()
  const root = stage.pool(own)
  await root.query('CREATE USER app')
  await root.query('GRANT ALL ON locks.* TO app')
  const store = await stage.opened(mysql(own.url.replace('root@', 'app@')))
  const asked = claim('n!readonly', { ttlMs: 30_000 })
  const { token } = held(await store.enter(asked))
  await root.query('SET GLOBAL read_only = 1')
  await expect(store.enter(claim('n!other'))).rejects.toMatchObject({
    code: 'STORE_UNAVAILABLE',
    isFinal: false,
    message: expect.stringMatching(/read_only is on, as on a replica.*error 1290/),
  })
  await root.query('SET GLOBAL read_only = 0')
  expect(await store.leave({ ...asked, token })).toBe('left')
})

test('many processes that change one line at once all get their change in', { timeout: 60_000 }, async () => {
  const resource = fresh()
  const stores = await Promise.all(Array.from({ length: 12 }, () => stage.opened(mysql(engine.url))))
  const standings = await Promise.all(stores.map((store) => store.enter(claim(resource, { capacity: 12 }))))
  expect(standings.map(({ kind }) => kind)).toEqual(stores.map(() => 'held'))
  expect((await stores[0]?.look(resource))?.claims).toHaveLength(stores.length)
  expect(new Set(standings.map((standing) => held(standing).token)).size).toBe(stores.length)
})

test(
  'the waiters of a crowd are rows, and every one of two processes gets its turn in the order of its coming',
  { timeout: 60_000 },
  async () => {
    const line = fresh()
    const stores = [
      await stage.opened(mysql(engine.url)),
      await stage.opened(mysql(stage.mariadbPool(engine))),
    ] as const
    const rows = async (): Promise<number> => {
      const [found] = await person.query<RowDataPacket[]>(
        'SELECT count(*) AS count FROM holdfast_lines_waiters WHERE resource = ?',
        [line],
      )
      return Number(found[0]?.['count'])
    }
    await expectTurnsInOrder({ line, stores, heartbeatMs: 20, rows })
  },
)

test('a table that goes away is named, and the rest of the program goes on', async () => {
  const store = await stage.opened(mysql(engine.url, { table: 'passing' }))
  await person.query('DROP TABLE passing')
  await expect(store.enter(claim(fresh()))).rejects.toMatchObject({
    code: 'STORE_UNAVAILABLE',
    isFinal: true,
    message: expect.stringContaining('mysqlSchema()'),
  })
})
