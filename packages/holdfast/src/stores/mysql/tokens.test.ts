/**
 * Tokens rise in the order of the grants, however many processes ask, and whatever the clock of a session says.
 * @module-tag real-time
 */
import { setTimeout as after } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import * as server from '@holdfast/testbed/engines/mariadb/driver'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { beforeEach, expect, test } from 'vitest'
import { claim, held, takeAndLeave } from '../claims.fixture.ts'
import { expectRisingTokens } from '../turns-processes.fixture.ts'
import { mysql } from './index.ts'
import { Stage } from './mysql.fixture.ts'

const script = fileURLToPath(new URL('child.fixture.ts', import.meta.url))

beforeEach(async (context) => {
  await requireEngine(context, server)
})

test(
  'many processes get tokens in the order of their turns, each above the one before',
  { timeout: 120_000 },
  async () => {
    await using stage = new Stage()
    const { url } = await stage.server()
    await expectRisingTokens({ script, url, turns: 40, heartbeatMs: 10 })
  },
)

test(
  'a process that is stopped in the middle of anything keeps the others waiting for its lease at most',
  { timeout: 120_000 },
  async () => {
    await using stage = new Stage()
    const { url } = await stage.server()
    await expectRisingTokens({
      script,
      url,
      turns: 12,
      heartbeatMs: 10,
      async hurt(children) {
        // Each for longer than a stopped transaction lives, and shorter than a lease.
        for (const child of children) {
          child.kill('SIGSTOP')
          await after(4_500)
          child.kill('SIGCONT')
        }
      },
    })
  },
)

test('tokens rise over a loss of the table, and are exact above 2^53', async () => {
  await using stage = new Stage()
  const engine = await stage.server()
  const pool = stage.pool(engine)
  const store = await stage.opened(mysql(pool))
  const before = await takeAndLeave(store, 'n!lock')
  await pool.query('DELETE FROM holdfast_lines')
  const after = await takeAndLeave(store, 'n!lock')
  expect(after).toBeGreaterThan(before)
  const high = 2n ** 62n + 1n
  await pool.query(`UPDATE holdfast_lines SET version = version + 1, token = ${high}`)
  expect(await takeAndLeave(store, 'n!lock')).toBe(high + 1n)
  const other = await stage.opened(mysql(stage.mariadbPool(engine)))
  expect(await takeAndLeave(other, 'n!lock')).toBe(high + 2n)
  expect(await takeAndLeave(store, 'n!lock')).toBe(high + 3n)
})

test('a clock that is far ahead does not take the tokens along, not even in one request', async () => {
  await using stage = new Stage()
  const pool = stage.pool(await stage.server(), { connectionLimit: 1 })
  const store = await stage.opened(mysql(pool))
  const token = await takeAndLeave(store, 'n!lock')
  await pool.query('SET timestamp = UNIX_TIMESTAMP() + 2 * 86400')
  const later = held(await store.enter(claim('n!lock'))).token
  expect(later).toBeGreaterThan(token)
  expect(later - token).toBeLessThan(2n * 3_600_000_000n)
})
