/**
 * What processes of one machine do to one another: they wake each other, and a killed one is in nobody's way.
 * @module-tag real-time
 */
import { expect, test } from 'vitest'
import { patient } from '@holdfast/testbed/watchdog/pace'
import { sleep, systemClock } from '../../time/clock.ts'
import { holdfast } from '../../holdfast.ts'
import { sqlite } from './index.ts'
import { LOOK_AGAIN_MS } from './dead-processes.ts'
import { claimOf, lockFile, opened, OtherProcess, refOf, tokenOf } from './processes.fixture.ts'

test('a lock whose holder was killed is free for a newcomer at once, long before its lease ends', async () => {
  const path = lockFile()
  const holder = await OtherProcess.start(path)
  const store = await opened(sqlite({ path }))
  const token = tokenOf(await holder.enter(claimOf({ ttlMs: 3_600_000 })))
  expect(await store.enter(claimOf({ queue: false }))).toMatchObject({ kind: 'refused', because: 'busy' })
  await holder.kill()
  expect(tokenOf(await store.enter(claimOf({ queue: false })))).toBeGreaterThan(token)
})

test('a waiter gets the lock of a holder that was killed without waiting for the lease to end', async () => {
  const path = lockFile()
  const holder = await OtherProcess.start(path)
  await holder.enter(claimOf({ resource: 'default!lock', ttlMs: 3_600_000 }))
  await using locks = holdfast(sqlite({ path }))
  const lease = locks.acquire('lock', { wait: '20s' })
  while ((await locks.inspect('lock')).claims.length < 2) await new Promise(setImmediate)
  const killedMs = performance.now()
  await holder.kill()
  await (await lease).release()
  expect(performance.now() - killedMs).toBeLessThan(patient(3_000))
})

test('the head of the line looks again soon, but only while another process is ahead of it', async () => {
  const path = lockFile()
  const other = await OtherProcess.start(path)
  const store = await opened(sqlite({ path }))
  const theirs = claimOf()
  const token = tokenOf(await other.enter(theirs))
  const head = await store.enter(claimOf())
  expect(head).toMatchObject({ kind: 'queued', ahead: 0 })
  expect(head.kind === 'queued' && head.recheckInMs).toBeLessThanOrEqual(LOOK_AGAIN_MS)
  expect(await store.enter(claimOf())).not.toHaveProperty('recheckInMs')
  await other.leave({ ...refOf(theirs), token })

  const [ours, next] = [claimOf({ resource: 'test!ours' }), claimOf({ resource: 'test!ours' })]
  await store.enter(ours)
  const behindUs = await store.enter(next)
  expect(behindUs.kind === 'queued' && behindUs.recheckInMs).toBeGreaterThan(LOOK_AGAIN_MS)
})

test('a process that held and waited is killed with both of its claims, and the next one looks for that', async () => {
  const path = lockFile()
  const other = await OtherProcess.start(path)
  const store = await opened(sqlite({ path }))
  await other.enter(claimOf())
  await other.enter(claimOf())
  const third = claimOf()
  const standing = await store.enter(third)
  expect(standing).toMatchObject({ kind: 'queued', ahead: 1, recheckInMs: LOOK_AGAIN_MS })
  await other.kill()
  await sleep(systemClock, LOOK_AGAIN_MS)
  expect(await store.enter(third)).toMatchObject({ kind: 'held', provisional: true })
})

test('a lock is not handed to a waiter that was killed, but to the next one that lives', async () => {
  const path = lockFile()
  const [dead, living] = [await OtherProcess.start(path), await OtherProcess.start(path)]
  const store = await opened(sqlite({ path }))
  const [first, second, third] = [claimOf(), claimOf(), claimOf()]
  const token = tokenOf(await store.enter(first))
  await dead.enter(second)
  await living.enter(third)
  await dead.kill()
  const told = living.watch(refOf(third))
  await store.leave({ ...refOf(first), token })
  expect(tokenOf((await told).seen)).toBeGreaterThan(token)
  expect((await store.look('test!lock')).claims).toHaveLength(1)
})

test('the lock-delay of a killed holder counts from the moment its end was noticed', async () => {
  const path = lockFile()
  const holder = await OtherProcess.start(path)
  const store = await opened(sqlite({ path }))
  await holder.enter(claimOf({ ttlMs: 3_600_000, lockDelayMs: 50_000 }))
  await holder.kill()
  const refused = await store.enter(claimOf({ queue: false }))
  expect(refused).toMatchObject({ kind: 'refused', because: 'busy' })
  expect(refused.kind === 'refused' && refused.recheckInMs).toBeGreaterThan(40_000)
  expect(refused.kind === 'refused' && refused.recheckInMs).toBeLessThanOrEqual(50_000)
  expect((await store.look('test!lock')).claims).toMatchObject([{ state: 'lingering' }])
})

test('a waiter in another process is told the grant itself, before any of its timers', async () => {
  const path = lockFile()
  const other = await OtherProcess.start(path)
  const store = await opened(sqlite({ path }))
  const [first, second] = [claimOf(), claimOf()]
  const token = tokenOf(await store.enter(first))
  await other.enter(second)
  const told = other.watch(refOf(second))
  await store.leave({ ...refOf(first), token })
  // No timer runs in a process that only watches: without the bell this would never resolve.
  const { seen } = await told
  expect(seen).toMatchObject({ kind: 'held', provisional: true })
  expect(tokenOf(seen)).toBeGreaterThan(token)
})

test('a process that is stopped is alive: its lock stays until the lease ends', async () => {
  const path = lockFile()
  const holder = await OtherProcess.start(path)
  const store = await opened(sqlite({ path }))
  await holder.enter(claimOf())
  process.kill(holder.pid, 'SIGSTOP')
  expect(await store.enter(claimOf({ queue: false }))).toMatchObject({ kind: 'refused', because: 'busy' })
})

test('eight processes that open a new file at the same moment share one lock', async () => {
  const path = lockFile()
  const others = await Promise.all(Array.from({ length: 8 }, () => OtherProcess.start(path)))
  const claims = others.map((other) => ({ other, claim: claimOf({ queue: false }) }))
  const standings: string[] = []
  for (const { other, claim } of claims) standings.push((await other.enter(claim)).kind)
  expect(standings.filter((kind) => kind === 'held')).toHaveLength(1)
})
