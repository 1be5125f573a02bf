/**
 * The fence column under writers whose leases are worth nothing: a guard without a table of marks.
 * @module-tag real-time
 */
import * as server from '@holdfast/testbed/engines/postgres/driver'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { afterAll, beforeEach, expect, it } from 'vitest'
import type { Fenced } from '../../lease/lease.ts'
import { StaleToken } from '../../store/errors.ts'
import { type Commit, type GuardedResource, lostUpdates, runWorkload } from '../../testing/guard-contract.ts'
import { systemClock } from '../../time/clock.ts'
import { commitsIn } from '../sql/register.fixture.ts'
import { Guarded } from './guarded.fixture.ts'
import { fence } from './index.ts'

const guarded = new Guarded()

beforeEach(async (context) => {
  await requireEngine(context, server)
  await guarded.start()
})
afterAll(() => guarded[Symbol.asyncDispose]())

async function stockByColumn(): Promise<GuardedResource> {
  const { schema } = await guarded.shop()
  const pool = guarded.pool({ max: 20 })
  await pool.query(
    `CREATE TABLE ${schema}.stock (value int NOT NULL, fence bigint NOT NULL DEFAULT 0); INSERT INTO ${schema}.stock VALUES (0);
     CREATE TABLE ${schema}.history (seq bigserial PRIMARY KEY, name text, based bigint, value bigint, token bigint)`,
  )
  const guard = fence(pool, { clock: { ...systemClock, wallMs: () => 2 ** 50 } })
  const changed = async (holder: Fenced, text: string): Promise<void> => {
    if ((await pool.query(text)).rowCount !== 0) return
    throw new StaleToken('no row', { resource: holder.name, held: holder.token, needed: holder.token })
  }
  const read = async (): Promise<number> =>
    Number((await pool.query<{ value: number }>(`SELECT value FROM ${schema}.stock`)).rows[0]?.value)
  const enter = async (holder: Fenced): Promise<void> => {
    const { set, where } = guard.row(holder)
    await changed(holder, `UPDATE ${schema}.stock SET ${set} WHERE ${where}`)
  }
  return {
    connect: async () => ({
      enter,
      read,
      check: async () => undefined,
      async enterAndRead(holder) {
        await enter(holder)
        return await read()
      },
      async write(holder, { key, based, value }) {
        const { set, where } = guard.row(holder)
        const write = `UPDATE ${schema}.stock SET value = ${value}, ${set} WHERE ${where} RETURNING value`
        const record = `SELECT '${key}', ${based}, ${value}, ${holder.token} FROM written`
        const text = `WITH written AS (${write}) INSERT INTO ${schema}.history (name, based, value, token) ${record}`
        await changed(holder, text)
      },
    }),
    commits: async (): Promise<readonly Commit[]> =>
      await commitsIn(async (text) => (await pool.query<Record<string, unknown>>(text)).rows, `${schema}.`),
    close: async () => undefined,
  }
}

it('loses no update when sixteen writers enter before they read', async () => {
  const { commits, accepted, refused } = await runWorkload(await stockByColumn(), { entering: true, holders: 16 })
  expect(lostUpdates(commits)).toBe(0)
  expect(commits).toHaveLength(accepted)
  expect([accepted > 0, refused > 0]).toEqual([true, true])
})

it('loses updates when they only write with it', async () => {
  let lost = 0
  for (const seed of [1, 2, 3]) {
    lost = lostUpdates((await runWorkload(await stockByColumn(), { entering: false, holders: 16, seed })).commits)
    if (lost > 0) break
  }
  expect(lost).toBeGreaterThan(0)
})
