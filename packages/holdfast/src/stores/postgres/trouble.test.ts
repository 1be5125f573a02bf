/**
 * What goes wrong with connections, locks and pools: typed answers, nothing stranded, and no error event that ends the process.
 * @module-tag real-time
 */
import type { Engine } from '@holdfast/testbed/engines/engine'
import * as server from '@holdfast/testbed/engines/postgres/driver'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import type { Pool } from 'pg'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { NotApplied } from '../../store/errors.ts'
import { again, claim, held, turnOf } from '../claims.fixture.ts'
import { postgres } from './index.ts'
import { Stage } from './postgres.fixture.ts'

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
const ENDING =
  'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = $1'

test(
  'connections that are ended under a holder and a waiter are made anew, and the turn comes',
  { timeout: 60_000 },
  async () => {
    const [store, other] = [await stage.opened(postgres(engine.url)), await stage.opened(postgres(engine.url))]
    const resource = fresh()
    const [first, second] = [claim(resource), claim(resource)]
    const { token } = held(await store.enter(first))
    const turn = turnOf(other, second)
    await person.query(ENDING, ['client backend'])
    const ref = { ...first, token }
    const [renewed] = await again(() =>
      store.renew([{ ref, ttlMs: 10_000 }]).then((answers) => {
        if (answers[0] instanceof Error) throw answers[0]
        return answers
      }),
    )
    expect(renewed).toMatchObject({ kind: 'held', token })
    expect(await again(() => store.leave(ref))).toBe('left')
    expect((await turn).token).toBeGreaterThan(token)
  },
)

test(
  'a server that crashes and recovers keeps the holder, and the waiter gets its turn',
  { timeout: 60_000 },
  async () => {
    const own = await stage.server({ fsync: true })
    const [store, other] = [await stage.opened(postgres(own.url)), await stage.opened(postgres(own.url))]
    const [first, second] = [claim('n!crash', { ttlMs: 30_000 }), claim('n!crash', { ttlMs: 30_000 })]
    const { token } = held(await store.enter(first))
    const turn = turnOf(other, second)
    await own.kill()
    await expect(store.look('n!crash')).rejects.toMatchObject({
      code: expect.stringMatching(/STORE_UNAVAILABLE|OUTCOME_UNKNOWN/),
    })
    await own.restart()
    expect(await again(() => store.leave({ ...first, token }))).toBe('left')
    expect((await turn).token).toBeGreaterThan(token)
  },
)

test('a statement that the server cancels for its time was not applied', async () => {
  const resource = fresh()
  const calm = await stage.opened(postgres(engine.url))
  const hasty = await stage.opened(postgres(stage.pool(engine, { statement_timeout: 200 })))
  for (const store of [calm, hasty]) {
    const asked = claim(resource)
    const { token } = held(await store.enter(asked))
    await store.leave({ ...asked, token })
  }
  const locking = await person.connect()
  await locking.query('BEGIN')
  await locking.query('SELECT FROM holdfast.lines WHERE resource = $1 FOR UPDATE', [resource])
  const asked = claim(resource)
  await expect(hasty.enter(asked)).rejects.toThrow(NotApplied)
  await expect(hasty.enter(asked)).rejects.toThrow(/statement_timeout.*SQLSTATE 57014.*canceling statement/)
  await locking.query('ROLLBACK')
  locking.release()
  expect(await hasty.enter(asked)).toMatchObject({ kind: 'held' })
})

test(
  'a pool without a free connection lets nobody in, and keeps and ends what is held',
  { timeout: 60_000 },
  async () => {
    const pool = stage.pool(engine, { max: 1 })
    const store = await stage.opened(postgres(pool))
    const [first, second] = [claim(fresh()), claim(fresh())]
    const { token } = held(await store.enter(first))
    const taken = await pool.connect()
    const late = store.enter(second)
    const refusal = late.catch((error: unknown) => error)
    expect(await store.renew([{ ref: { ...first, token }, ttlMs: 9_000 }])).toMatchObject([{ kind: 'held' }])
    expect(await store.leave({ ...first, token })).toBe('left')
    expect(await refusal).toMatchObject({
      code: 'NOT_APPLIED',
      message: expect.stringContaining('no connection of the pool became free within 5000 ms'),
    })
    taken.release()
    // What was given up is not sent later.
    expect(await store.enter(claim(second.resource))).toMatchObject({ kind: 'held' })
  },
)

test('an ask that its own leave has overtaken leaves no claim behind', async () => {
  const pool = stage.pool(engine, { max: 1 })
  const store = await stage.opened(postgres(pool))
  const asked = claim(fresh())
  const taken = await pool.connect()
  const late = store.enter(asked)
  expect(await store.leave(asked, { outcomeUnknown: true })).toBe('gone')
  taken.release()
  expect(await late).toEqual({ kind: 'gone' })
  expect((await store.look(asked.resource)).claims).toEqual([])
})

test('many processes that change one line at once all get their change in', { timeout: 60_000 }, async () => {
  const resource = fresh()
  const stores = await Promise.all(Array.from({ length: 12 }, () => stage.opened(postgres(engine.url))))
  const standings = await Promise.all(stores.map((store) => store.enter(claim(resource, { capacity: 12 }))))
  expect(standings.map(({ kind }) => kind)).toEqual(stores.map(() => 'held'))
})

test('a database whose transactions are serializable changes nothing', { timeout: 60_000 }, async () => {
  const resource = fresh()
  const options = { options: '-c default_transaction_isolation=serializable' }
  const stores = await Promise.all(
    Array.from({ length: 6 }, () => stage.opened(postgres(stage.pool(engine, { ...options, max: 2 })))),
  )
  const tokens = await Promise.all(
    stores.map(async (store) => {
      const asked = claim(resource)
      const { token } = await turnOf(store, asked)
      await again(() => store.leave({ ...asked, token }))
      return token
    }),
  )
  expect(new Set(tokens).size).toBe(6)
})

test('a table that goes away is named, and the rest of the program goes on', async () => {
  const schema = 'gone'
  const store = await stage.opened(postgres(engine.url, { schema }))
  await person.query(`DROP SCHEMA ${schema} CASCADE`)
  await expect(store.enter(claim(fresh()))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', isFinal: true })
})
