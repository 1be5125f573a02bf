/**
 * Tokens rise in the order of the grants, however many processes ask: each is made above that of the row, which is locked.
 * @module-tag real-time
 */
import { fileURLToPath } from 'node:url'
import * as server from '@holdfast/testbed/engines/postgres/driver'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { beforeEach, expect, test } from 'vitest'
import { claim, held } from '../claims.fixture.ts'
import { expectRisingTokens } from '../turns-processes.fixture.ts'
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
    const script = fileURLToPath(new URL('child.fixture.ts', import.meta.url))
    await expectRisingTokens({ script, url, turns: 40, heartbeatMs: 300 })
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
    $$ SELECT pg_catalog.clock_timestamp() + interval '2 days' $$; CREATE FUNCTION ahead.statement_timestamp()
    RETURNS timestamptz LANGUAGE sql AS $$ SELECT ahead.clock_timestamp() $$; SET search_path = ahead, pg_catalog`)
  const later = held(await store.enter(second)).token
  expect(later).toBeGreaterThan(token)
  expect(later - token).toBeLessThan(2n * 3_600_000_000n)
})
