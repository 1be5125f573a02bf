/**
 * Moving the scale of tokens of a table, up and down.
 * @module-tag real-time
 */
import type { Engine } from '@holdfast/testbed/engines/engine'
import * as server from '@holdfast/testbed/engines/postgres/driver'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { promised } from '@holdfast/testbed/watchdog/broken-promise'
import { afterAll, beforeEach, expect, test } from 'vitest'
import type { OpenStore } from '../../store/store.ts'
import { again, claim, held, takeAndLeave, turnOf } from '../claims.fixture.ts'
import { postgres, postgresSchema } from './index.ts'
import { drivers, Stage } from './postgres.fixture.ts'

const stage = new Stage()
let engine: Engine
let tables = 0

beforeEach(async (context) => {
  await requireEngine(context, server)
  engine ??= await stage.server()
})
afterAll(() => stage[Symbol.asyncDispose]())

const nowUs = (): bigint => BigInt(Date.now()) * 1000n
const HOUR_US = 3_600_000_000n

/** Stores of a table of their own. */
async function storesOf(count: number): Promise<readonly [table: string, ...stores: OpenStore[]]> {
  const table = `lines${(tables += 1)}`
  return [
    table,
    ...(await Promise.all(Array.from({ length: count }, () => stage.opened(postgres(engine.url, { table }))))),
  ]
}

test('raised, the next tokens of known and of new names come behind the new base, and holders keep theirs', async () => {
  const [, store, other] = (await storesOf(2)) as [string, OpenStore, OpenStore]
  await takeAndLeave(other, 'n!known')
  const asked = claim('n!held')
  const { token } = held(await store.enter(asked))
  const to = nowUs() + HOUR_US
  expect(await store.rebase?.()).toEqual({ highest: token })
  expect(await store.rebase?.(to)).toEqual({ highest: token })
  expect(await store.renew([{ ref: { ...asked, token }, ttlMs: 5_000 }])).toMatchObject([{ kind: 'held', token }])
  for (const name of ['n!known', 'n!new']) expect(await takeAndLeave(other, name)).toBe(to + 1n)
  expect(await store.leave({ ...asked, token })).toBe('left')
  expect(await takeAndLeave(store, 'n!held')).toBe(to + 1n)
  expect(await store.rebase?.()).toEqual({ highest: to + 1n })
  expect(await store.list('', undefined, 10)).toEqual({ resources: [] })
})

test.each(drivers)(
  'raised amid the work of other processes, no later grant is below the base: %s',
  { timeout: 60_000 },
  async (driver) => {
    const table = `lines${(tables += 1)}`
    const pools = Array.from({ length: 4 }, () => stage.userPool(driver, engine, { max: 4 }))
    const stores = await Promise.all(pools.map(({ client }) => stage.opened(postgres(client, { table }))))
    let isDone = false
    const grants: { readonly askedAtMs: number; readonly token: bigint }[] = []
    const work = stores.map(async (store, index) => {
      for (let round = 0; !isDone; round += 1) {
        // Names that are new and names that others take as well.
        const asked = claim(round % 2 === 0 ? `n!new-${index}-${round}` : 'n!shared')
        const askedAtMs = performance.now()
        const { token } = await turnOf(store, asked)
        grants.push({ askedAtMs, token })
        await again(() => store.leave({ ...asked, token }))
      }
    })
    const to = nowUs() + HOUR_US
    await expect.poll(() => grants.length, { timeout: 30_000 }).toBeGreaterThan(50)
    await stores[0]?.rebase?.(to)
    const raisedAtMs = performance.now()
    const later = (): typeof grants => grants.filter(({ askedAtMs }) => askedAtMs > raisedAtMs)
    await expect.poll(() => later().length, { timeout: 30_000 }).toBeGreaterThan(50)
    isDone = true
    await Promise.all(work)
    promised(() => expect(later().filter(({ token }) => token <= to)).toEqual([]))
  },
)

test('lowered, the tokens come right behind the new base, while nobody holds or waits', async () => {
  const [table, store] = (await storesOf(1)) as [string, OpenStore]
  await store.rebase?.(nowUs() + 48n * HOUR_US)
  const asked = claim('n!held')
  const { token } = held(await store.enter(asked))
  await expect(store.rebase?.(nowUs())).rejects.toThrow(/when nobody holds or waits/)
  expect(await store.renew([{ ref: { ...asked, token }, ttlMs: 5_000 }])).toMatchObject([{ kind: 'held', token }])
  expect(await store.leave({ ...asked, token })).toBe('left')
  // One whose process died counts no more once it is over.
  const dead = claim('n!dead', { ttlMs: 100 })
  held(await store.enter(dead))
  await expect.poll(async () => (await store.look('n!dead')).claims).toEqual([])
  const to = nowUs()
  await store.rebase?.(to)
  for (const name of ['n!held', 'n!dead', 'n!fresh']) {
    const lowered = await takeAndLeave(store, name)
    expect(lowered).toBeGreaterThan(to)
    expect(lowered - nowUs()).toBeLessThan(1_000_000n)
  }
  await stage.pool(engine).query(`UPDATE holdfast.${table} SET claims = 'x' WHERE resource = 'n!dead'`)
  await expect(store.rebase?.(to)).rejects.toThrow(/record of n!dead is damaged/)
})

test('needs no more than the rights that locks need', async () => {
  const schema = 'rebasing'
  const person = stage.pool(engine)
  await person.query(`${postgresSchema({ schema })} CREATE ROLE raiser LOGIN; GRANT USAGE ON SCHEMA ${schema} TO raiser;
    GRANT SELECT, INSERT, UPDATE ON ${schema}.lines TO raiser;
    GRANT SELECT, INSERT, UPDATE, DELETE ON ${schema}.lines_waiters TO raiser`)
  const store = await stage.opened(postgres(engine.url.replace('postgres@', 'raiser@'), { schema }))
  const to = nowUs() + HOUR_US
  expect(await store.rebase?.(to)).toEqual({ highest: 0n })
  expect(await takeAndLeave(store, 'n!new')).toBe(to + 1n)
})
