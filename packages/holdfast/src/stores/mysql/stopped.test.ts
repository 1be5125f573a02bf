/**
 * A process that is stopped where it hurts most: while it keeps a row locked.
 * @module-tag real-time
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import * as server from '@holdfast/testbed/engines/mariadb/driver'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { beforeEach, expect, test } from 'vitest'
import { again, claim, held } from '../claims.fixture.ts'
import { mysql } from './index.ts'
import { Stage } from './mysql.fixture.ts'

const script = fileURLToPath(new URL('stopped.fixture.ts', import.meta.url))
/** The server ends the transaction after 3 s, and the machine may be busy. */
const FREE_WITHIN_MS = 15_000

beforeEach(async (context) => {
  await requireEngine(context, server)
})

test(
  'a process that is stopped in the middle of a step under a lock keeps the line for 3 s, not for hours',
  { timeout: 60_000 },
  async () => {
    await using stage = new Stage()
    const { url } = await stage.server()
    const [store, other] = [await stage.opened(mysql(url)), await stage.opened(mysql(url))]
    const asked = claim('n!lock', { ttlMs: 60_000 })
    const { token } = held(await store.enter(asked))
    const child = spawn(process.execPath, [script, url, 'n!lock'], { stdio: ['ignore', 'pipe', 'inherit'] })
    try {
      await once(child.stdout, 'data')
      expect(await again(() => store.leave({ ...asked, token }), FREE_WITHIN_MS)).toBe('left')
      expect(held(await again(() => other.enter(claim('n!lock')))).token).toBeGreaterThan(token)
    } finally {
      child.kill('SIGKILL')
    }
  },
)
