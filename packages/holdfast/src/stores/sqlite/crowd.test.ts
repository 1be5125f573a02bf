/**
 * A line in which many wait: what it costs, who gets its turn, and what deaths, looks and clearing up do to its rows.
 * @module-tag real-time
 */
import { DatabaseSync, StatementSync } from 'node:sqlite'
import { expect, onTestFinished, test, vi } from 'vitest'
import { sleep, systemClock } from '../../time/clock.ts'
import { never } from '../opened.fixture.ts'
import { at, CROWD, crowdIn, HOUR_MS, inFile, movable, waiting } from './crowd.fixture.ts'
import { LOOK_AGAIN_MS } from './dead-processes.ts'
import { sqlite } from './index.ts'
import { claimOf, lockFile, opened, openedOnce, OtherProcess, refOf, tokenOf } from './processes.fixture.ts'

test('few waiters stand in the record, many as rows, and the record stays short however many there are', async () => {
  const path = lockFile()
  const store = await opened(sqlite({ path }))
  const claims = await crowdIn(store, 5)
  expect(inFile(path).rows).toBe(0)
  claims.push(...(await Promise.all(Array.from({ length: 300 }, () => waiting(store)))))
  expect(inFile(path)).toMatchObject({ rows: 304 })
  expect(inFile(path).longest).toBeLessThan(500)
  for (const claim of claims.slice(0, -3)) await store.leave(refOf(claim))
  expect(inFile(path).rows).toBe(0)
  expect((await store.look('test!lock')).claims.map(({ state }) => state)).toEqual(['held', 'waiting', 'waiting'])
})

test('a step on a line of a thousand waiters runs as many statements as on one of a hundred, and writes two rows', async () => {
  // Time stands still, so that nothing ends meanwhile.
  const store = await opened(sqlite({ path: lockFile() }), movable().clock)
  const ran: string[] = []
  const { run } = StatementSync.prototype
  const spy = vi.spyOn(StatementSync.prototype, 'run').mockImplementation(function (this: StatementSync, ...values) {
    ran.push(this.sourceSQL.trim().split(/\s/, 1)[0] ?? '')
    return run.apply(this, values)
  })
  onTestFinished(() => spy.mockRestore())
  const claims = await crowdIn(store)
  const steps = async (): Promise<string> => {
    ran.length = 0
    claims.push(await waiting(store))
    await store.leave(refOf(claims.shift() ?? claimOf()))
    return ran.join(' ')
  }
  // Entering: the record and the row. Leaving: the record without the one that is handed the lock.
  const few = 'BEGIN INSERT INSERT COMMIT BEGIN INSERT DELETE COMMIT'
  expect(await steps()).toBe(few)
  for (let count = 0; count < 900; count += 1) claims.push(await waiting(store))
  expect(await steps()).toBe(few)
})

test('everybody in a crowd gets its turn, in order, and knows how many are ahead', async () => {
  const path = lockFile()
  const [store, other] = [await opened(sqlite({ path })), await opened(sqlite({ path }))]
  const half = CROWD / 2
  const claims = [
    ...(await crowdIn(store, half)),
    ...(await Promise.all(Array.from({ length: half }, () => waiting(other)))),
  ]
  expect(await other.enter(at(claims, 50))).toMatchObject({ kind: 'queued', ahead: 49 })
  await store.leave(refOf(at(claims, 20)))
  expect(await other.renew([{ ref: refOf(at(claims, 50)), ttlMs: 60_000 }])).toMatchObject([{ ahead: 48 }])
  let last = 0n
  for (const [index, claim] of claims.entries()) {
    if (index === 20) continue
    const user = index < half ? store : other
    const token = tokenOf(await (index === 0 ? user.enter(claim) : user.watch(refOf(claim), never)))
    expect(token).toBeGreaterThan(last)
    last = token
    await user.leave({ ...refOf(claim), token })
  }
  expect(inFile(path)).toEqual({ rows: 0, longest: 0 })
})

test('a writer that leaves lets in every reader of a crowd behind it', async () => {
  const store = await opened(sqlite({ path: lockFile() }))
  const writer = claimOf({ weight: 1_000, capacity: 1_000 })
  await store.enter(writer)
  const readers = Array.from({ length: 200 }, () => claimOf({ capacity: 1_000 }))
  for (const reader of readers) expect(await store.enter(reader)).toMatchObject({ kind: 'queued' })
  await store.leave(refOf(writer))
  const { claims } = await store.look('test!lock')
  expect(claims.filter(({ state }) => state === 'held')).toHaveLength(200)
})

test('a process that held and had a crowd waiting is killed, and the next one looks for that and gets the lock', async () => {
  const path = lockFile()
  const other = await OtherProcess.start(path)
  const store = await opened(sqlite({ path }))
  await crowdIn(other)
  const [next, last] = [claimOf(), claimOf()]
  expect(await store.enter(next)).toMatchObject({ kind: 'queued', ahead: CROWD - 1, recheckInMs: LOOK_AGAIN_MS })
  expect(await store.enter(last)).not.toHaveProperty('recheckInMs')
  await other.kill()
  await sleep(systemClock, LOOK_AGAIN_MS)
  expect(await store.enter(next)).toMatchObject({ kind: 'held', provisional: true })
  expect((await store.look('test!lock')).claims).toHaveLength(2)
})

test('a lock is not handed to a crowd that was killed, but to the next one that lives', async () => {
  const path = lockFile()
  const dead = await OtherProcess.start(path)
  const store = await opened(sqlite({ path }))
  const holder = claimOf()
  const token = tokenOf(await store.enter(holder))
  for (let index = 0; index < CROWD; index += 1) await dead.enter(claimOf())
  const living = await waiting(store)
  const told = store.watch(refOf(living), never)
  await dead.kill()
  await store.leave({ ...refOf(holder), token })
  expect(tokenOf(await told)).toBeGreaterThan(token)
})

test('a line is listed for its waiters alone, and forgotten with its rows when all of them are over', async () => {
  const path = lockFile()
  const { clock, move } = movable()
  const store = await opened(sqlite({ path }), clock)
  await crowdIn(store, CROWD, { ttlMs: 20_000 })
  const [holder, ...others] = (await store.look('test!lock')).claims
  expect(holder?.state).toBe('held')
  expect(others).toHaveLength(CROWD - 1)
  move(HOUR_MS)
  expect(await store.list('test!', undefined, 10)).toEqual({ resources: [] })
  for (let step = 0; step < 200; step += 1) await store.leave(refOf(claimOf({ resource: 'test!other' })))
  expect(inFile(path)).toEqual({ rows: 0, longest: 0 })
})

test('a line in which only waiters live is listed, and tokens are not lowered while they do', async () => {
  const path = lockFile()
  const { clock, move } = movable()
  const store = await opened(sqlite({ path }), clock)
  await crowdIn(store, CROWD, { ttlMs: 10_000 })
  const newcomers = await Promise.all(Array.from({ length: 20 }, () => waiting(store)))
  move(9_000)
  await store.renew(newcomers.map((claim) => ({ ref: refOf(claim), ttlMs: 60_000 })))
  // The holder and the first ones are over, and no step has said so yet.
  move(2_000)
  expect(await store.list('test!', undefined, 10)).toEqual({ resources: ['test!lock'] })
  await expect(store.rebase?.(1n)).rejects.toThrow(/when nobody holds or waits/)
  move(HOUR_MS)
  await store.rebase?.(1n)
  expect(inFile(path).rows).toBe(0)
})

test('rows that are missing are told as damage, and nobody looks for them without an end', async () => {
  const path = lockFile()
  const store = await opened(sqlite({ path }))
  const [holder] = await crowdIn(store)
  const raw = new DatabaseSync(path)
  raw.exec('DELETE FROM waiter')
  raw.close()
  await expect(store.leave(refOf(holder ?? claimOf()))).rejects.toThrow(/a line in it cannot be read/)
  await expect(store.look('test!lock')).rejects.toThrow(/a line in it cannot be read/)
})

test('a look at a crowd leaves no transaction behind', async () => {
  const path = lockFile()
  const store = await openedOnce(sqlite({ path }))
  const claims = await crowdIn(store)
  await store.look('test!lock')
  await store.list('test!', undefined, 10)
  expect(await store.enter(at(claims, 9))).toMatchObject({ kind: 'queued', ahead: 8 })
  const other = await opened(sqlite({ path }))
  expect(await other.leave(refOf(at(claims, 0)))).toBe('left')
  expect((await store.enter(at(claims, 1))).kind).toBe('held')
  await store.close()
})
