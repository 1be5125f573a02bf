/** What is refused: options and keys that cannot be meant, outcomes that are too large, and entries of other programs. */
import { expect, test } from 'vitest'
import { machines } from '../tick/machines.fixture.ts'
import { once, type OnceOptions } from './index.ts'

const KEY = 'order-1'

function world() {
  const { ledger, machine } = machines()
  const { locks } = machine()
  return { ledger, locks, here: once(locks, 'payments', { ledger, interrupted: 'refuse' }) }
}

test('what cannot be meant is refused at once', async () => {
  const { here, ledger, locks } = world()
  expect(() => once(locks, 'payments', { ledger } as OnceOptions)).toThrow(/run-again.*refuse/)
  expect(() => once(locks, 'payments', { ledger, interrupted: 'refuse', keep: '1s' })).toThrow(/keep/)
  expect(() => once(locks, 'payments', { ledger, interrupted: 'refuse', failures: 'x' as 'keep' })).toThrow(/failures/)
  await expect(here.run('', () => 1)).rejects.toThrow(/key/)
  await expect(here.run(KEY, {}, undefined as unknown as () => void)).rejects.toThrow(/needs the work/)
  expect(await here.run('x'.repeat(500), () => 1)).toBe(1)
  await expect(here.run('big', () => 'x'.repeat(70_000))).rejects.toMatchObject({ code: 'MISUSE' })
})

test('an entry of another program is never overwritten', async () => {
  const { here, ledger, locks } = world()
  const lease = await locks.acquire('once:payments:order-1')
  await ledger.put(lease, 'theirs')
  await lease.release()
  await expect(here.run(KEY, () => 1)).rejects.toThrow(/something else than an outcome/)
})
