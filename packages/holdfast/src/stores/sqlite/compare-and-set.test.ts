/**
 * A step in one statement must never act on what this process remembers of a line that another one has changed.
 * @module-tag real-time
 */
import { StatementSync } from 'node:sqlite'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { OpenStore } from '../../store/store.ts'
import { sqlite } from './index.ts'
import { claimOf, lockFile, opened, refOf, tokenFrom, tokenOf } from './processes.fixture.ts'

async function pairOfStores(): Promise<readonly [OpenStore, OpenStore]> {
  const path = lockFile()
  return [await opened(sqlite({ path })), await opened(sqlite({ path }))]
}

/** The statements that run from now on. */
function statements(): readonly string[] {
  const ran: string[] = []
  const { run } = StatementSync.prototype
  const spy = vi.spyOn(StatementSync.prototype, 'run').mockImplementation(function (this: StatementSync, ...values) {
    ran.push(this.sourceSQL.trim().split(/\s/, 1)[0] ?? '')
    return run.apply(this, values)
  })
  onTestFinished(() => spy.mockRestore())
  return ran
}

test('a lock that nobody else uses costs one statement to take and one to give back', async () => {
  const store = await opened(sqlite({ path: lockFile() }))
  await tokenFrom(store)
  const ran = statements()
  await tokenFrom(store)
  expect(ran).toEqual(['UPDATE', 'UPDATE'])
})

test('a lock that was free when this process left it is refused when another one has taken it since', async () => {
  const [store, other] = await pairOfStores()
  await tokenFrom(store)
  await other.enter(claimOf())
  expect(await store.enter(claimOf({ queue: false }))).toMatchObject({ kind: 'refused', because: 'busy' })
})

test('a lock that looks as it was left, but was used in between, gives a higher token', async () => {
  const [store, other] = await pairOfStores()
  const seen = []
  for (let round = 0; round < 20; round += 1) seen.push(await tokenFrom(store), await tokenFrom(other))
  expect(seen).toEqual([...new Set(seen)].sort((one, another) => (one < another ? -1 : 1)))
})

test('a release hands the lock to somebody who came to wait since this process looked', async () => {
  const [store, other] = await pairOfStores()
  const holder = claimOf()
  await store.enter(holder)
  const waiter = claimOf()
  expect(await other.enter(waiter)).toMatchObject({ kind: 'queued' })
  expect(await store.leave(refOf(holder))).toBe('left')
  expect(tokenOf(await other.enter(waiter))).toBeGreaterThan(0n)
})

test('a line with a lock-delay is stepped in a transaction, where the clock is read after the line is locked', async () => {
  const store = await opened(sqlite({ path: lockFile() }))
  await tokenFrom(store)
  const claim = claimOf({ lockDelayMs: 1_000 })
  await store.enter(claim)
  const ran = statements()
  await store.leave(refOf(claim))
  expect(ran).toEqual(['BEGIN', 'INSERT', 'COMMIT'])
})
