/**
 * Tokens rise in the order of the grants, however many processes ask: the clock is read after the row was locked.
 * @module-tag real-time
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as server from '@holdfast/testbed/engines/postgres/driver'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { promised } from '@holdfast/testbed/watchdog/broken-promise'
import { beforeEach, expect, test } from 'vitest'
import { claim, held } from '../claims.fixture.ts'
import { postgres } from './index.ts'
import { Stage } from './postgres.fixture.ts'

beforeEach(async (context) => {
  await requireEngine(context, server)
})

test(
  'many processes get tokens in the order of their turns, each above the one before',
  { timeout: 120_000 },
  async () => {
    await using stage = new Stage()
    const { url } = await stage.server()
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-'))
    const file = join(folder, 'tokens')
    const script = fileURLToPath(new URL('child.fixture.ts', import.meta.url))
    try {
      const children = Array.from({ length: 6 }, () =>
        spawn(process.execPath, [script, url, 'n!lock', file, '40'], { stdio: ['ignore', 'ignore', 'inherit'] }),
      )
      const codes = await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0] as number | null))
      expect(codes).toEqual(codes.map(() => 0))
      const tokens = readFileSync(file, 'utf8').trim().split('\n').map(BigInt)
      promised(() => {
        expect(tokens).toHaveLength(240)
        expect(tokens).toEqual([...new Set(tokens)].toSorted((one, other) => (one < other ? -1 : 1)))
      })
    } finally {
      rmSync(folder, { recursive: true })
    }
  },
)

test('tokens rise over a loss of the table', async () => {
  await using stage = new Stage()
  const engine = await stage.server()
  const pool = stage.pool(engine)
  const store = await stage.opened(postgres(pool))
  const before = held(await store.enter(claim('n!lock')))
  await pool.query('DELETE FROM holdfast.lines')
  const after = held(await store.enter(claim('n!lock')))
  expect(after.token).toBeGreaterThan(before.token)
})

test('a server clock that is far ahead does not take the tokens along, not even in one request', async () => {
  await using stage = new Stage()
  const pool = stage.pool(await stage.server(), { max: 1 })
  const store = await stage.opened(postgres(pool))
  const [first, second] = [claim('n!lock'), claim('n!lock')]
  const { token } = held(await store.enter(first))
  await store.leave({ ...first, token })
  // The functions of a schema that stands first in the search path are found before those of the system.
  await pool.query(`CREATE SCHEMA ahead; CREATE FUNCTION ahead.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS
    $$ SELECT pg_catalog.clock_timestamp() + interval '2 days' $$; SET search_path = ahead, pg_catalog`)
  const later = held(await store.enter(second)).token
  expect(later).toBeGreaterThan(token)
  expect(later - token).toBeLessThan(2n * 3_600_000_000n)
})
