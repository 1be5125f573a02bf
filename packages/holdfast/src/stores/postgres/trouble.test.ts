/**
 * What goes wrong with connections, locks and pools: typed answers, nothing stranded, and no error event that ends the process.
 * @module-tag real-time
 */
import type { Engine } from '@holdfast/testbed/engines/engine'
import * as server from '@holdfast/testbed/engines/postgres/driver'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import type { Pool } from 'pg'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { holdfast } from '../../holdfast.ts'
import type { Ref } from '../../store/claim.ts'
import { NotApplied } from '../../store/errors.ts'
import type { Standing } from '../../store/standing.ts'
import type { OpenStore } from '../../store/store.ts'
import { again, claim, held, takeAndLeave, turnOf } from '../claims.fixture.ts'
import { postgres } from './index.ts'
import { drivers, Stage } from './postgres.fixture.ts'

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

describe.each(drivers)('by the driver %s', (driver) => {
  test(
    'connections that are ended under a holder and a waiter are made anew, and the turn comes',
    { timeout: 60_000 },
    async () => {
      const pools = [stage.userPool(driver, engine), stage.userPool(driver, engine)]
      const [store, other] = await Promise.all(pools.map(({ client }) => stage.opened(postgres(client))))
      const resource = fresh()
      const [first, second] = [claim(resource), claim(resource)]
      const { token } = held(await store!.enter(first))
      const turn = turnOf(other!, second)
      await person.query(ENDING, ['client backend'])
      const ref = { ...first, token }
      expect(await renewed(store!, ref)).toMatchObject({ kind: 'held', token })
      expect(await again(() => store!.leave(ref))).toBe('left')
      expect((await turn).token).toBeGreaterThan(token)
    },
  )

  test('each of the three connections may be ended alone', { timeout: 60_000 }, async () => {
    const name = `each by ${driver}`.replaceAll(' ', '-')
    const { client } = stage.userPool(driver, engine, { max: 1, session: { application_name: name } })
    const [store, other] = [await stage.opened(postgres(client)), await stage.opened(postgres(engine.url))]
    const [resource, first] = [fresh(), claim(fresh())]
    const { token } = held(await store.enter(first))
    const { rows } = await person.query<{ pid: number }>(
      'SELECT pid FROM pg_stat_activity WHERE application_name = $1',
      [name],
    )
    expect(rows).toHaveLength(3)
    for (const { pid } of rows) {
      await person.query('SELECT pg_terminate_backend($1)', [pid])
      expect(await renewed(store, { ...first, token })).toMatchObject({ kind: 'held', token })
      const [theirs, mine] = [claim(resource), claim(resource)]
      const before = (await turnOf(other, theirs)).token
      // Nothing but a notice wakes it so soon.
      const turn = turnOf(store, mine, 20_000)
      await expect.poll(async () => (await other.look(resource)).claims.length, { timeout: 10_000 }).toBe(2)
      expect(await other.leave({ ...theirs, token: before })).toBe('left')
      const mineHeld = await turn
      expect(mineHeld.token).toBeGreaterThan(before)
      expect(await again(() => store.leave({ ...mine, token: mineHeld.token }))).toBe('left')
    }
  })

  test('a statement that the server cancels for its time, or for a lock, was not applied', async () => {
    const resource = fresh()
    const calm = await stage.opened(postgres(engine.url))
    const limits = [
      { session: { statement_timeout: '200' }, words: /statement_timeout.*SQLSTATE 57014.*canceling statement/ },
      { session: { lock_timeout: '200' }, words: /SQLSTATE 55P03.*canceling statement due to lock timeout/ },
    ]
    for (const { session, words } of limits) {
      const hasty = await stage.opened(postgres(stage.userPool(driver, engine, { max: 1, session }).client))
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
      await expect(hasty.enter(asked)).rejects.toThrow(words)
      await locking.query('ROLLBACK')
      locking.release()
      const { token } = held(await hasty.enter(asked))
      expect(await hasty.leave({ ...asked, token })).toBe('left')
    }
  })

  test(
    'a pool without a free connection lets nobody in, and keeps and ends what is held',
    { timeout: 60_000 },
    async () => {
      const { client, take } = stage.userPool(driver, engine, { max: 1 })
      const store = await stage.opened(postgres(client))
      const [first, second] = [claim(fresh()), claim(fresh())]
      // A free line that is known is entered with one statement.
      await takeAndLeave(store, second.resource)
      const { token } = held(await store.enter(first))
      const giveBack = await take()
      const late = store.enter(second)
      const refusal = late.catch((error: unknown) => error)
      // As it is in one request, and with a note as a change.
      for (const more of [{}, { note: 'new' }]) {
        const renewal = { ref: { ...first, token }, ttlMs: 9_000, ...more }
        expect(await store.renew([renewal])).toMatchObject([{ kind: 'held' }])
      }
      expect(await store.leave({ ...first, token })).toBe('left')
      expect(await refusal).toMatchObject({
        code: 'NOT_APPLIED',
        message: expect.stringContaining('no connection of the pool became free within 5000 ms'),
      })
      giveBack()
      // What was given up is not sent later.
      expect(await store.enter(claim(second.resource))).toMatchObject({ kind: 'held' })
    },
  )

  test('two hundred waiters and a pool of one connection all get their turn', { timeout: 120_000 }, async () => {
    const { client } = stage.userPool(driver, engine, { max: 1 })
    const locks = holdfast(postgres(client))
    const name = fresh()
    let turns = 0
    const waits = Array.from({ length: 200 }, () =>
      locks.using(name, { wait: '100s', ttl: '20s' }, () => {
        turns += 1
      }),
    )
    await Promise.all(waits)
    await locks.close()
    expect(turns).toBe(200)
  })

  test('an ask that its own leave has overtaken leaves no claim behind', async () => {
    const { client, take } = stage.userPool(driver, engine, { max: 1 })
    const store = await stage.opened(postgres(client))
    const asked = claim(fresh())
    const giveBack = await take()
    const late = store.enter(asked)
    expect(await store.leave(asked, { outcomeUnknown: true })).toBe('gone')
    giveBack()
    expect(await late).toEqual({ kind: 'gone' })
    expect((await store.look(asked.resource)).claims).toEqual([])
  })

  test('a database whose transactions are serializable changes nothing', { timeout: 60_000 }, async () => {
    const resource = fresh()
    const session = { default_transaction_isolation: 'serializable' }
    const stores = await Promise.all(
      Array.from({ length: 6 }, () =>
        stage.opened(postgres(stage.userPool(driver, engine, { max: 2, session }).client)),
      ),
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
})

test('many processes that change one line at once all get their change in', { timeout: 60_000 }, async () => {
  const resource = fresh()
  const stores = await Promise.all(Array.from({ length: 12 }, () => stage.opened(postgres(engine.url))))
  const standings = await Promise.all(stores.map((store) => store.enter(claim(resource, { capacity: 12 }))))
  expect(standings.map(({ kind }) => kind)).toEqual(stores.map(() => 'held'))
})

test('a table that goes away is named, and the rest of the program goes on', async () => {
  const schema = 'gone'
  const store = await stage.opened(postgres(engine.url, { schema }))
  await person.query(`DROP SCHEMA ${schema} CASCADE`)
  await expect(store.enter(claim(fresh()))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', isFinal: true })
})

/** What the renewal of one claim answers, asked until it is answered. */
async function renewed(store: OpenStore, ref: Ref): Promise<Standing> {
  return again(async () => {
    const [answer] = await store.renew([{ ref, ttlMs: 10_000 }])
    if (answer === undefined || answer instanceof Error) throw answer ?? new Error('no answer')
    return answer
  })
}
