/**
 * Two servers of one service, with the marks in PostgreSQL or the writes through Redis.
 * @module-tag real-time
 */
import * as postgres from '@holdfast/testbed/engines/postgres/driver'
import * as redis from '@holdfast/testbed/engines/redis/server'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { Redis } from 'ioredis'
import type { PoolClient } from 'pg'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import type { Fenced } from '../../lease/lease.ts'
import { StaleToken } from '../../store/errors.ts'
import { Guarded, lease } from '../postgres/guarded.fixture.ts'
import { fence as postgresFence } from '../postgres/index.ts'
import { fence as redisFence } from '../redis/index.ts'
import { fencedFetch, httpGuard, type HttpMarks, throughGuard } from './index.ts'
import { frameworks, type Handle, queryOf, type ServerUnderTest } from './servers.fixture.ts'

const guarded = new Guarded()
afterAll(async () => await guarded[Symbol.asyncDispose]())

async function served<Tx>(marks: HttpMarks<Tx>, handle: Handle<Tx>): Promise<ServerUnderTest> {
  const server = await frameworks['express']?.({ guard: httpGuard(marks), handle, errors: [] })
  if (server === undefined) throw new Error('no server')
  onTestFinished(async () => await server.close())
  return server
}

const send = async (server: ServerUnderTest, holder: Fenced, path = '/'): Promise<unknown> =>
  await (await fencedFetch(holder, `${server.url}${path}?${queryOf(holder)}`)).json()

test('with the marks in PostgreSQL, a successor at one server waits for the handler of another', async (context) => {
  await requireEngine(context, postgres)
  await guarded.start()
  const { schema, seat } = await guarded.shop()
  const [begun, resume] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const handle: Handle<PoolClient> = async ({ pathname }, { lease: holder, tx }) => {
    const { rows } = await tx.query<{ buyer: unknown }>(`SELECT buyer FROM ${seat} WHERE id = '14A'`)
    if (pathname === '/read') return rows[0]?.buyer
    await tx.query(`UPDATE ${seat} SET buyer = $1 WHERE id = '14A'`, [pathname.slice(1)])
    if (holder.token === 33n) {
      begun.resolve()
      await resume.promise
    }
    return 'sold'
  }
  const [first, second] = [
    await served(postgresFence(guarded.pool(), { schema }), handle),
    await served(postgresFence(guarded.pool(), { schema }), handle),
  ]
  const sold = send(first, lease(33n), '/ada')
  await begun.promise
  let hasRead = false
  const read = send(second, lease(34n), '/read').finally(() => (hasRead = true))
  await waitingForMark()
  expect(hasRead).toBe(false)
  resume.resolve()
  expect(await sold).toBe('sold')
  expect(await read).toBe('ada')
  await expect(send(first, lease(33n), '/late')).rejects.toThrow(StaleToken)
  expect(await guarded.buyerOf(seat)).toBe('ada')
})

/** Until a transaction is seen waiting for the row of the other one. */
async function waitingForMark(): Promise<void> {
  for (let look = 0; look < 1_000; look += 1) {
    const { rows } = await guarded.person.query("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    if (rows.length > 0) return
  }
  throw new Error('no transaction waits for a mark')
}

test('with writes through the guard of Redis, the late write of a handler at another server is refused', async (context) => {
  await requireEngine(context, redis)
  const engine = await redis.start()
  onTestFinished(async () => await engine.close())
  const [begun, resume] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const serverOn = async (): Promise<ServerUnderTest> => {
    const client = new Redis(engine.url)
    onTestFinished(() => client.disconnect())
    return await served(throughGuard(redisFence(client)), async ({ pathname }, { lease: holder, tx }) => {
      if (pathname === '/read') return await client.get('buyer')
      if (holder.token === 33n) {
        begun.resolve()
        await resume.promise
      }
      const work = { lua: "return redis.call('SET', KEYS[1], ARGV[1])", keys: ['buyer'], args: [pathname.slice(1)] }
      return await tx.run(holder, work)
    })
  }
  const [first, second] = [await serverOn(), await serverOn()]
  const late = send(first, lease(33n), '/ada')
  late.catch(() => undefined)
  await begun.promise
  expect(await send(second, lease(34n), '/read')).toBeNull()
  resume.resolve()
  await expect(late).rejects.toThrow(StaleToken)
  await send(second, lease(34n), '/bob')
  expect(await send(second, lease(34n), '/read')).toBe('bob')
})
