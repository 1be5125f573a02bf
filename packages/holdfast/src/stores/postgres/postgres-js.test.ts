/**
 * The driver `postgres`: instances as users make them, and what their options would make of our statements.
 * @module-tag real-time
 */
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import type { Engine } from '@holdfast/testbed/engines/engine'
import * as pooler from '@holdfast/testbed/engines/pgbouncer/server'
import * as server from '@holdfast/testbed/engines/postgres/driver'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import postgresJs from 'postgres'
import { afterAll, beforeEach, expect, test } from 'vitest'
import type { OpenStore } from '../../store/store.ts'
import { again, claim, held, takeAndLeave } from '../claims.fixture.ts'
import { postgres } from './index.ts'
import { Stage } from './postgres.fixture.ts'

const stage = new Stage()
let engine: Engine
let names = 0

beforeEach(async (context) => {
  await requireEngine(context, server)
  engine ??= await stage.server({ config: { log_statement: 'all' } })
})
afterAll(() => stage[Symbol.asyncDispose]())

const fresh = (): string => `n!js${(names += 1)}`

async function over(options: postgresJs.Options<Record<string, postgresJs.PostgresType>>): Promise<OpenStore> {
  const sql = postgresJs(engine.url, options)
  stage.ending(() => sql.end({ timeout: 1 }))
  return stage.opened(postgres(sql))
}

test.each([
  ['that does not ask for the types', { fetch_types: false, max: 1 }],
  ['that makes other names of columns', { transform: postgresJs.camel }],
  ['that makes quite other names of columns', { transform: { column: { from: (name: string) => `x_${name}` } } }],
  ['that reads texts otherwise', { types: { text: { to: 25, from: [25], serialize: String, parse: () => 'read' } } }],
  ['that prepares no statements', { prepare: false }],
])('an instance %s serves as well', async (_, options) => {
  const [store, resource] = [await over(options), fresh()]
  await takeAndLeave(store, resource)
  const [first, second] = [claim(resource), claim(resource)]
  const { token } = held(await store.enter(first))
  expect(await store.enter(second)).toMatchObject({ kind: 'queued' })
  expect(await store.list('n!', undefined, 1_000)).toMatchObject({ resources: expect.arrayContaining([resource]) })
  expect(await store.leave({ ...first, token })).toBe('left')
  expect(held(await store.enter(second)).token).toBeGreaterThan(token)
})

test(
  'an instance that was ended, and a server that answers no connection, are told apart',
  { timeout: 30_000 },
  async () => {
    const sql = postgresJs(engine.url)
    const store = await stage.opened(postgres(sql))
    await sql.end()
    await expect(store.look('n!ended')).rejects.toMatchObject({
      isFinal: true,
      message: expect.stringMatching(
        /instance of postgres\(\) that the store was given was ended \(CONNECTION_ENDED\)/,
      ),
    })
    const silent = createServer(() => undefined).listen(0, '127.0.0.1')
    stage.ending(() => void silent.close())
    await once(silent, 'listening')
    const { port } = silent.address() as AddressInfo
    const opening = stage.opened(postgres(postgresJs({ host: '127.0.0.1', port })))
    await expect(opening).rejects.toMatchObject({
      isFinal: false,
      message: expect.stringContaining('answered no connection in time (CONNECT_TIMEOUT)'),
    })
  },
)

test('an uncontended pair is two requests', async () => {
  const [store, resource] = [await over({}), fresh()]
  for (let pairs = 0; pairs < 2; pairs += 1) await takeAndLeave(store, resource)
  const before = engine.log().length
  await takeAndLeave(store, resource)
  const asked = (): readonly string[] =>
    engine
      .log()
      .slice(before)
      .match(/LOG: {2}(?:execute|parse|statement)/g) ?? []
  await expect.poll(() => asked().length).toBe(2)
})

test('an instance stays the user’s: it is open when the store is closed, and nothing of ours is', async () => {
  const sql = postgresJs(engine.url, { max: 1, connection: { application_name: 'stays' } })
  stage.ending(() => sql.end({ timeout: 1 }))
  const locks = await stage.opened(postgres(sql))
  await takeAndLeave(locks, fresh())
  await locks.close()
  const count = async (): Promise<unknown> =>
    (await sql`SELECT count(*)::int AS count FROM pg_stat_activity WHERE application_name = 'stays'`)[0]?.['count']
  await expect.poll(count).toBe(1)
})

test(
  'a server that stops answering leaves the outcome open, and is used again when it answers',
  { timeout: 60_000 },
  async () => {
    const own = await stage.server()
    const sql = postgresJs(own.url, { max: 1, connection: { application_name: 'still' } })
    stage.ending(() => sql.end({ timeout: 1 }))
    const store = await stage.opened(postgres(sql))
    const pidsOf = async (): Promise<readonly number[]> => {
      const { rows } = await stage
        .pool(own)
        .query<{ pid: number }>("SELECT pid FROM pg_stat_activity WHERE application_name = 'still'")
      return rows.map(({ pid }) => pid)
    }
    const before = await pidsOf()
    const asked = claim('n!still', { ttlMs: 60_000 })
    const { token } = held(await store.enter(asked))
    await own.pause()
    const [renewal, ask] = await Promise.all([
      store.renew([{ ref: { ...asked, token }, ttlMs: 60_000 }]).catch((error: unknown) => [error]),
      store.enter(claim('n!other')).catch((error: unknown) => error),
    ])
    expect([renewal[0], ask]).toMatchObject([{ code: 'OUTCOME_UNKNOWN' }, { code: 'OUTCOME_UNKNOWN' }])
    await own.resume()
    const renewed = async (): Promise<unknown> => {
      const [answer] = await store.renew([{ ref: { ...asked, token }, ttlMs: 60_000 }])
      if (answer instanceof Error) throw answer
      return answer
    }
    expect(await again(renewed)).toMatchObject({ kind: 'held', token })
    expect(await again(() => store.enter(claim('n!third')))).toMatchObject({ kind: 'held' })
    // The connection for renewals was not trusted any more.
    expect((await pidsOf()).filter((pid) => !before.includes(pid))).not.toEqual([])
  },
)

test('behind a pooler in transaction mode waiters look by themselves', async (context) => {
  await requireEngine(context, pooler)
  await using bouncer = await pooler.start({ before: engine })
  await using near = new Stage()
  const sql = postgresJs(bouncer.url, { max: 2, prepare: false, connection: { application_name: '' } })
  near.ending(() => sql.end({ timeout: 1 }))
  const store = await near.opened(postgres(sql))
  expect(store.facts.wakeUp).toBe('poll')
  await takeAndLeave(store, fresh())
})
