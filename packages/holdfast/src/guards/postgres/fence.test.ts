/**
 * The guard for PostgreSQL on a real server: the contract over each driver and ORM, also behind PgBouncer.
 * @module-tag real-time
 */
import type { Engine } from '@holdfast/testbed/engines/engine'
import * as pooler from '@holdfast/testbed/engines/pgbouncer/server'
import * as server from '@holdfast/testbed/engines/postgres/driver'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import type { Pool } from 'pg'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { Stage } from '../../stores/postgres/postgres.fixture.ts'
import { guardCases, lostUpdates, runWorkload, tokensGoneBack } from '../../testing/guard-contract.ts'
import { systemClock } from '../../time/clock.ts'
import { type Dress, dresses, registerIn } from './register.fixture.ts'

const stage = new Stage()
let engine: Engine
let bouncer: Engine | undefined
let person: Pool

beforeEach(async (context) => {
  await requireEngine(context, server)
  engine ??= await stage.server()
  person ??= stage.pool(engine)
})
afterAll(async () => {
  await bouncer?.close()
  await stage[Symbol.asyncDispose]()
})

describe.each(Object.keys(dresses) as readonly Dress[])('the guard contract on PostgreSQL, over %s', (dress) => {
  for (const { name, run } of guardCases) {
    it(name, () => run(async (clock) => await registerIn(person, dress, engine.url, { clock })))
  }
})

describe.each(['pg', 'postgres'] as const)(
  'the guard contract behind PgBouncer in transaction mode, over %s',
  (dress) => {
    beforeEach(async (context) => {
      await requireEngine(context, pooler)
      bouncer ??= await pooler.start({ before: engine })
    })

    for (const { name, run } of guardCases) {
      it(name, () => run(async (clock) => await registerIn(person, dress, bouncer?.url ?? '', { clock })))
    }
  },
)

describe('sixteen writers with worthless leases', () => {
  const crowd = { holders: 16, grants: 30 } as const

  async function work(entering: boolean, seed: number) {
    const resource = await registerIn(person, 'pg', engine.url, { clock: { ...systemClock, wallMs: () => 2 ** 50 } })
    const result = await runWorkload(resource, { ...crowd, entering, seed })
    await resource.close()
    return result
  }

  it('lose no update when they enter before they read', async () => {
    const { commits, accepted, refused } = await work(true, 1)
    expect([lostUpdates(commits), tokensGoneBack(commits)]).toEqual([0, 0])
    expect(commits).toHaveLength(accepted)
    expect(accepted).toBeGreaterThan(0)
    expect(refused).toBeGreaterThan(0)
  })

  it('lose updates when they only write with the guard', async () => {
    const seeds = [1, 2, 3]
    let lost = 0
    for (const seed of seeds) {
      lost = lostUpdates((await work(false, seed)).commits)
      if (lost > 0) break
    }
    expect(lost).toBeGreaterThan(0)
  })
})
