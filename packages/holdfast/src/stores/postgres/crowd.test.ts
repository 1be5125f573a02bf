/**
 * A line in which hundreds wait: rows of a table, a record that stays short, and turns in order.
 * @module-tag real-time
 */
import type { Engine } from '@holdfast/testbed/engines/engine'
import * as server from '@holdfast/testbed/engines/postgres/driver'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { afterAll, beforeEach, expect, test } from 'vitest'
import type { OpenStore } from '../../store/store.ts'
import { claim, held, turnOf } from '../claims.fixture.ts'
import { IN_RECORD_MAX } from '../records/thin-line.ts'
import { expectTurnsInOrder } from '../sql/crowd.fixture.ts'
import { postgres } from './index.ts'
import { Stage } from './postgres.fixture.ts'

const stage = new Stage()
let engine: Engine

beforeEach(async (context) => {
  await requireEngine(context, server)
  engine ??= await stage.server()
})
afterAll(() => stage[Symbol.asyncDispose]())

async function stored(resource: string): Promise<{ readonly rows: number; readonly length: number }> {
  const { rows } = await stage.pool(engine).query<{ rows: number; length: number }>(
    `SELECT (SELECT count(*)::int FROM holdfast.lines_waiters WHERE resource = $1) AS rows,
      (SELECT length(claims) FROM holdfast.lines WHERE resource = $1) AS length`,
    [resource],
  )
  return rows[0] ?? { rows: -1, length: -1 }
}

test('the waiters of a crowd are rows, and every one of two processes gets its turn in the order of its coming', async () => {
  const line = 'n!crowd'
  const stores = [await stage.opened(postgres(engine.url)), await stage.opened(postgres(engine.url))] as const
  const rows = async (): Promise<number> => (await stored(line)).rows
  await expectTurnsInOrder({ line, stores, rows }, async () => {
    expect((await stored(line)).length).toBeLessThan(600)
  })
  expect(await stored(line)).toEqual({ rows: 0, length: 0 })
})

test('a crowd that says nothing any more goes, and what stays behind it is served', async () => {
  const line = 'n!silent'
  const [store, dead] = [await stage.opened(postgres(engine.url)), await stage.opened(postgres(engine.url))]
  const holder = claim(line)
  held(await store.enter(holder))
  const silent = Array.from({ length: 2 * IN_RECORD_MAX }, () => claim(line, { ttlMs: 100 }))
  await Promise.all(silent.map((asked) => dead.enter(asked)))
  await dead.close()
  const alive = claim(line, { ttlMs: 60_000 })
  expect(await store.enter(alive)).toMatchObject({ kind: 'queued', ahead: silent.length })
  await expect.poll(() => aheadOf(store, alive)).toBe(0)
  await store.leave(holder)
  held(await turnOf(store, alive))
  expect(await stored(line)).toMatchObject({ rows: 0 })
})

async function aheadOf(store: OpenStore, asked: ReturnType<typeof claim>): Promise<number | undefined> {
  const standing = await store.enter(asked)
  return standing.kind === 'queued' ? standing.ahead : undefined
}
