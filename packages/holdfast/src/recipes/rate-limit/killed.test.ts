/**
 * A process that is killed with permits out, on a store that ends the claims of dead processes at once.
 * @module-tag real-time
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { holdfast } from '../../holdfast.ts'
import { sqlite } from '../../stores/sqlite/index.ts'
import { rateLimit } from './index.ts'

const SCRIPT = fileURLToPath(new URL('taker.fixture.ts', import.meta.url))
const SLOW_MS = 20_000

test('permits of a process that is killed count to their end', { timeout: SLOW_MS }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-rate-'))
  const path = join(folder, 'locks.db')
  const child = fork(SCRIPT, [path, '4', '1h'], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const gone = once(child, 'exit')
  const locks = holdfast(sqlite({ path }))
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await gone
    await locks.close()
    rmSync(folder, { recursive: true, force: true })
  })
  expect((await once(child, 'message'))[0]).toEqual({ allowed: true, limited: true })
  child.kill('SIGKILL')
  await gone
  const rate = rateLimit(locks, 'mail', { limit: 4, per: '1h' })
  const refused = await rate.tryTake()
  expect(refused).toMatchObject({ allowed: false })
  expect(await rate.usage()).toMatchObject({ used: 4 })
})
